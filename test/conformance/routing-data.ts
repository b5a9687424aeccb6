/** A routing as plain numbers, which is how the checks look at it. */
import type * as tf from "@tensorflow/tfjs";
import type { NamedTensors, Routing } from "../../core/model/contracts.ts";
import type { Device } from "../../kernels/devices/device.ts";

export interface RoutingData {
  readonly types: {
    readonly indices: string;
    readonly gates: string;
    readonly probabilities: string | undefined;
    readonly logits: string | undefined;
  };
  readonly shapes: {
    readonly indices: readonly number[];
    readonly gates: readonly number[];
    readonly probabilities: readonly number[] | undefined;
    readonly logits: readonly number[] | undefined;
  };
  /** [B][R] */
  readonly indices: readonly (readonly number[])[];
  /** [B][R] */
  readonly gates: readonly (readonly number[])[];
  /** [B][E - S] */
  readonly probabilities: readonly (readonly number[])[] | undefined;
  /** [B][E - S] */
  readonly logits: readonly (readonly number[])[] | undefined;
}

export function readRouting({ expertIndices_BR, gates_BR, probabilities_BE, logits_BE }: Routing): RoutingData {
  return {
    types: {
      indices: expertIndices_BR.dtype,
      gates: gates_BR.dtype,
      probabilities: probabilities_BE?.dtype,
      logits: logits_BE?.dtype,
    },
    shapes: {
      indices: expertIndices_BR.shape,
      gates: gates_BR.shape,
      probabilities: probabilities_BE?.shape,
      logits: logits_BE?.shape,
    },
    indices: rowsOf(expertIndices_BR),
    gates: rowsOf(gates_BR),
    probabilities: probabilities_BE === undefined ? undefined : rowsOf(probabilities_BE),
    logits: logits_BE === undefined ? undefined : rowsOf(logits_BE),
  };
}

/** Routes with the rows of the named [E - S, ...] parameters in the given order. */
export function routePermuted(
  bench: {
    readonly device: Device;
    readonly parameters: NamedTensors;
    readonly route: (given: { readonly parameters: NamedTensors }) => RoutingData;
  },
  order: readonly number[],
  names: readonly string[],
): RoutingData {
  const { tf } = bench.device;
  const moved = Object.fromEntries(
    Object.entries(bench.parameters).map(([name, value]) => [
      name,
      names.includes(name) ? tf.tidy(() => tf.gather(value, [...order])) : value,
    ]),
  );
  try {
    return bench.route({ parameters: moved });
  } finally {
    tf.dispose(names.map((name) => moved[name]!));
  }
}

/** Rows whose chosen experts are strictly more probable than the others; all rows where nothing tells. */
export function rowsWithoutTies({ indices, probabilities }: RoutingData): readonly number[] {
  return [...indices.keys()].filter((row) => {
    const all = probabilities?.[row];
    if (all === undefined) return true;
    // Shared experts have no probability.
    const chosen = indices[row]!.filter((e) => e < all.length);
    const least = Math.min(...chosen.map((e) => all[e]!));
    return all.every((p, e) => chosen.includes(e) || p < least - 1e-6);
  });
}

/** In float64. */
export function softmaxOf(logits: readonly number[]): readonly number[] {
  const largest = Math.max(...logits);
  const exponentials = logits.map((value) => Math.exp(value - largest));
  const total = exponentials.reduce((sum, value) => sum + value, 0);
  return exponentials.map((value) => value / total);
}

function rowsOf(tensor: tf.Tensor): readonly (readonly number[])[] {
  const data = tensor.dataSync();
  const [rows = 0, columns = data.length / rows] = tensor.shape;
  return Array.from({ length: rows }, (_unused, row) => Array.from(data.slice(row * columns, (row + 1) * columns)));
}
