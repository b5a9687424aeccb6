/**
 * A sparse autoencoder as its equations are written, in float64, with plain loops: all F pre-activations of every row,
 * then a mask. Shares no code with the product but the seeded random numbers that a router is documented to draw.
 * Gradients are central differences of the error.
 *
 * Shapes: B rows, D width, F features, E experts.
 */
import type { PluginChoice } from "../../../core/config/config.ts";
import type { ModelShape, TrainingMoment } from "../../../core/model/contracts.ts";
import { createRng } from "../../../core/model/rng.ts";

export type Values = Readonly<Record<string, Float64Array>>;

export interface Float64Input {
  readonly shape: ModelShape;
  readonly router: PluginChoice;
  readonly expert: PluginChoice;
  /** Parameters and buffers by their names in checkpoints. */
  readonly values: Values;
  readonly rows: readonly (readonly number[])[];
  readonly training?: TrainingMoment | undefined;
  /** Of the run. */
  readonly seed: number;
}

export interface Float64Routing {
  /** [B][R] */
  readonly experts: readonly (readonly number[])[];
  /** [B][R] */
  readonly gates: readonly (readonly number[])[];
  /** [B][E - S], where the router has them */
  readonly probabilities: readonly (readonly number[])[] | undefined;
}

export interface Float64Forward {
  readonly routing: Float64Routing;
  /** [B][F] */
  readonly code: readonly (readonly number[])[];
  /** [B][K] ascending, where the expert fixes K: those with value 0 too. */
  readonly selected: readonly (readonly number[])[] | undefined;
  /** [B][D] */
  readonly reconstruction: readonly (readonly number[])[];
  /** Sum of squared differences from the rows. */
  readonly error: number;
}

export function float64Forward(input: Float64Input): Float64Forward {
  const { shape, values, rows } = input;
  const routing = float64Routing(input);
  const { code, selected } = float64Code(input, routing);
  let error = 0;
  const reconstruction = code.map((active, b) =>
    rows[b]!.map((x, d) => {
      let sum = values["decoder_bias"]![d]!;
      for (let f = 0; f < shape.features; f += 1) sum += active[f]! * values["decoder"]![f * shape.width + d]!;
      error += (sum - x) ** 2;
      return sum;
    }),
  );
  return { routing, code, selected, reconstruction, error };
}

/** Gradient of a number in the named values, by central differences. */
export function float64Gradient(values: Values, name: string, compute: (values: Values) => number): Float64Array {
  const step = 1e-5;
  return values[name]!.map((_value, i) => {
    const at = (shift: number): number => {
      const moved = values[name]!.slice();
      moved[i]! += shift;
      return compute({ ...values, [name]: moved });
    };
    return (at(step) - at(-step)) / (2 * step);
  });
}

export function float64Routing({ shape, router, values, rows, training, seed }: Float64Input): Float64Routing {
  const { type, e = 1, gate = "softmax", scores = "relu" } = router as PluginChoice & { e?: number };
  const ones = rows.map(() => [1]);
  if (type === "none") return { experts: rows.map(() => [0]), gates: ones, probabilities: undefined };
  const routed = shape.experts - shape.sharedExperts;
  const named = `router step ${training?.step ?? 0}`;
  const stream = createRng(seed).stream(type === "random" && training === undefined ? "router evaluation" : named);
  if (type === "random") {
    return { experts: rows.map(() => [stream.integer(routed)]), gates: ones, probabilities: undefined };
  }
  const centre = values[type === "hash" ? "router.centre" : "router.input_bias"];
  const products = (weight: Float64Array): number[][] =>
    rows.map((row) =>
      Array.from({ length: routed }, (_unused, i) =>
        row.reduce((sum, x, d) => sum + weight[i * shape.width + d]! * (x - (centre?.[d] ?? 0)), 0),
      ),
    );
  if (type === "hash") {
    const nearest = products(values["router.directions"]!).map((row) => [order(row)[0]!]);
    return { experts: nearest, gates: ones, probabilities: undefined };
  }
  let logits = products(values["router.weight"]!);
  if (type === "top-e") {
    logits = logits.map((row) => row.map((s, i) => s + values["router.score_bias"]![i]!));
    if (scores === "relu") logits = logits.map((row) => row.map((s) => Math.max(s, 0)));
  }
  if (type === "noisy-top-e" && training !== undefined) {
    const sizes = products(values["router.noise_weight"]!);
    logits = logits.map((row, b) => row.map((s, i) => s + stream.normal() * Math.log(1 + Math.exp(sizes[b]![i]!))));
  }
  const isSampled = type === "stochastic" && training !== undefined;
  const gumbel = (): number => -Math.log(-Math.log(stream.uniform() + 2 ** -33));
  const count = type === "top-e" || type === "noisy-top-e" ? (router["e"] === undefined ? 2 : e) : 1;
  const chosen = logits.map((row) => order(isSampled ? row.map((s) => s + gumbel()) : row).slice(0, count));
  const isAmongSelected = gate === "softmax" && (type === "top-e" || type === "noisy-top-e");
  const gates = logits.map((row, b) => {
    if (gate === "heaviside") return chosen[b]!.map(() => 1);
    const total = sum((isAmongSelected ? chosen[b]!.map((i) => row[i]!) : row).map(Math.exp));
    return chosen[b]!.map((i) => Math.exp(row[i]!) / total);
  });
  const shared = Array.from({ length: shape.sharedExperts }, (_unused, s) => routed + s);
  return {
    experts: chosen.map((row) => [...row, ...shared]),
    gates: gates.map((row) => [...row, ...shared.map(() => 1)]),
    probabilities: logits.map((row) => row.map((s) => Math.exp(s) / sum(row.map(Math.exp)))),
  };
}

function float64Code(
  { shape, expert, values, rows }: Float64Input,
  { experts, gates }: Float64Routing,
): Pick<Float64Forward, "code" | "selected"> {
  const at = (name: string, f: number): number => values[name]?.[f] ?? 0;
  const activation = (z: number, f: number): number => {
    switch (expert.type) {
      case "jump-relu":
        return z > at("expert.threshold", f) ? Math.max(z, 0) : 0;
      case "gated":
        return z + at("expert.gate_bias", f) > 0
          ? Math.max(z * Math.exp(at("expert.magnitude_log_scale", f)) + at("expert.magnitude_bias", f), 0)
          : 0;
      default:
        return Math.max(z, 0);
    }
  };
  const isRouted = (b: number, f: number): boolean => experts[b]!.includes(Math.floor(f / shape.featuresPerExpert));
  const all = rows.map((row, b) =>
    Array.from({ length: shape.features }, (_unused, f) => {
      let z = at("encoder_bias", f);
      for (const [d, x] of row.entries()) {
        z += values["encoder"]![f * shape.width + d]! * (x - values["decoder_bias"]![d]!);
      }
      const slot = experts[b]!.indexOf(Math.floor(f / shape.featuresPerExpert));
      return slot === -1 ? 0 : gates[b]![slot]! * activation(z, f);
    }),
  );
  const k = expert["k"] as number;
  if (expert.type === "top-k") {
    const selected = all.map((row, b) =>
      order(row)
        .filter((f) => isRouted(b, f))
        .slice(0, k)
        .sort((f, g) => f - g),
    );
    return { code: all.map((row, b) => row.map((a, f) => (selected[b]!.includes(f) ? a : 0))), selected };
  }
  if (expert.type === "batch-top-k" || expert.type === "matryoshka-batch-top-k") {
    const least = all.flat().sort((a, b) => b - a)[rows.length * k - 1]!;
    return { code: all.map((row) => row.map((a) => (a >= least ? a : 0))), selected: undefined };
  }
  return { code: all, selected: undefined };
}

/** Indices from the largest value to the smallest; the lower index first among equals. */
function order(values: readonly number[]): number[] {
  return values.map((_value, i) => i).sort((i, j) => values[j]! - values[i]! || i - j);
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
