/**
 * One golden file: numbers recorded from a short training run of a reference implementation, under the names that
 * this project gives to its parameters. The metadata holds the reference's own constructor arguments.
 */
import { readSafetensors } from "../../core/data/safetensors.ts";

export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly values: readonly number[];
}

export interface GoldenCase {
  readonly name: string;
  /** Repository and trainer of the reference: "amudide/switch_sae switch". */
  readonly reference: string;
  readonly width: number;
  readonly steps: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Rows of silence after which the reference counted a feature as dead; undefined where it never asked. */
  readonly deadAfterRows: number | undefined;
  /** The reference's constructor arguments. */
  readonly options: Readonly<Record<string, unknown>>;
  /** One row-major [B, D] array a step. */
  readonly batches: readonly Float32Array[];
  has(name: string): boolean;
  get(name: string): GoldenTensor;
  /** Tensors `<group>.<reference name>` by our parameter name, row-major [F, D] where they are matrices. */
  parameters(group: "init" | "final" | "step0.applied_grad"): ReadonlyMap<string, GoldenTensor>;
}

/** Reference name -> our name, and whether it is stored [D, F]. */
const names: Readonly<Record<string, { readonly name: string; readonly isTransposed?: true }>> = {
  "encoder.weight": { name: "encoder" },
  "encoder.bias": { name: "encoder_bias" },
  decoder: { name: "decoder" },
  "decoder.weight": { name: "decoder", isTransposed: true },
  "decoder.bias": { name: "decoder_bias" },
  b_dec: { name: "decoder_bias" },
  "router.weight": { name: "router.weight" },
  b_router: { name: "router.input_bias" },
  "gate.weight": { name: "router.weight" },
  "gate.bias": { name: "router.score_bias" },
  b_gate: { name: "router.input_bias" },
  bias: { name: "decoder_bias" },
  decoder_bias: { name: "decoder_bias" },
  W_enc: { name: "encoder", isTransposed: true },
  b_enc: { name: "encoder_bias" },
  W_dec: { name: "decoder" },
  r_mag: { name: "expert.magnitude_log_scale" },
  gate_bias: { name: "expert.gate_bias" },
  mag_bias: { name: "expert.magnitude_bias" },
};

/** `threshold` is a parameter of every feature in one reference, and one estimate for all in others. */
function nameOf(reference: string, { shape }: GoldenTensor): { name: string; isTransposed?: true } | undefined {
  if (reference !== "threshold") return names[reference];
  return { name: shape.length === 0 ? "expert.inference_threshold" : "expert.threshold" };
}

export async function readGoldenCase(file: string): Promise<GoldenCase> {
  const { tensors, metadata } = await readSafetensors(file);
  const read = (name: string): GoldenTensor => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`${file} has no tensor ${name}`);
    return { shape: tensor.shape, values: Array.from(tensor.data, Number) };
  };
  const steps = Number(metadata["steps"]);
  const width = Number(metadata["d"]);
  const batchSize = Number(metadata["batch"]);
  const rows = Float32Array.from(read("batches").values);
  const size = batchSize * width;
  return {
    name: metadata["case"] ?? "",
    reference: referenceOf(metadata["source"] ?? ""),
    width,
    steps,
    batchSize,
    learningRate: Number(metadata["lr"]),
    deadAfterRows: Number(metadata["dead_feature_threshold"]) || undefined,
    options: JSON.parse(metadata["config"] ?? "{}") as Readonly<Record<string, unknown>>,
    batches: Array.from({ length: steps }, (_unused, step) => rows.subarray(step * size, (step + 1) * size)),
    has: (name) => tensors.has(name),
    get: read,
    parameters: (group) => {
      const found = new Map<string, GoldenTensor>();
      for (const key of tensors.keys()) {
        if (!key.startsWith(`${group}.`)) continue;
        const tensor = read(key);
        const ours = nameOf(key.slice(group.length + 1), tensor);
        if (ours === undefined) continue;
        found.set(ours.name, ours.isTransposed === true ? transpose(tensor) : tensor);
      }
      return found;
    },
  };
}

/** @param source "amudide/switch_sae trainers/switch.py SwitchTrainer, ..." */
function referenceOf(source: string): string {
  const [, repository = source, trainer = ""] = /^(\S+) trainers\/(\w+)\.py/.exec(source) ?? [];
  return `${repository} ${trainer}`.trim();
}

function transpose({ shape, values }: GoldenTensor): GoldenTensor {
  const [rows = 0, columns = 0] = shape;
  const at = (i: number): number => values[(i % rows) * columns + Math.floor(i / rows)]!;
  return { shape: [columns, rows], values: values.map((_value, i) => at(i)) };
}
