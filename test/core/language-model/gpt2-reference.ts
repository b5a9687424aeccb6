/**
 * GPT-2's forward pass over one context in float64 and plain loops, straight from its description: the independent
 * reference that the tensor version is compared with, at every hook point.
 */
import type { Gpt2Tensors } from "../../../core/language-model/checkpoint.ts";
import type { Gpt2Config } from "../../../core/language-model/gpt2-config.ts";

type Rows = readonly (readonly number[])[];

export interface ReferencePass {
  /** "resid-pre.0", "attention-out.0", ... -> [T][D] */
  readonly points: ReadonlyMap<string, Rows>;
  /** [T][V] */
  readonly logits: Rows;
}

/** @param replace Replaces the rows at a point before the pass goes on. */
export function referencePass(
  config: Gpt2Config,
  tensors: Gpt2Tensors,
  ids: readonly number[],
  replace: (point: string, rows: Rows) => Rows = (_point, rows) => rows,
): ReferencePass {
  const points = new Map<string, Rows>();
  const at = (point: string, rows: Rows): Rows => {
    const replaced = replace(point, rows);
    points.set(point, replaced);
    return replaced;
  };
  const data = (name: string): Float32Array => {
    const tensor = tensors.get(name);
    if (tensor === undefined) throw new Error(`no tensor ${name}`);
    return tensor.data;
  };
  const D = config.width;
  const row = (name: string, index: number): readonly number[] => [...data(name).subarray(index * D, (index + 1) * D)];
  const norm = (x: Rows, name: string): Rows =>
    x.map((values) => {
      const mean = values.reduce((a, b) => a + b, 0) / D;
      const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / D;
      const scale = 1 / Math.sqrt(variance + config.layerNormEpsilon);
      return values.map((v, i) => (v - mean) * scale * data(`${name}.weight`)[i]! + data(`${name}.bias`)[i]!);
    });
  const linear = (x: Rows, name: string): Rows => {
    const [weight, bias] = [data(`${name}.weight`), data(`${name}.bias`)];
    return x.map((values) =>
      [...bias].map((b, out) => values.reduce((sum, v, i) => sum + v * weight[i * bias.length + out]!, b)),
    );
  };
  let x: Rows = ids.map((id, t) => add(row("wte.weight", id), row("wpe.weight", t)));
  for (let layer = 0; layer < config.numLayers; layer++) {
    x = at(`resid-pre.${layer}`, x);
    const qkv = linear(norm(x, `h.${layer}.ln_1`), `h.${layer}.attn.c_attn`);
    const attention = at(`attention-out.${layer}`, linear(heads(qkv, config), `h.${layer}.attn.c_proj`));
    x = x.map((values, t) => add(values, attention[t]!));
    const inner = linear(norm(x, `h.${layer}.ln_2`), `h.${layer}.mlp.c_fc`);
    const mlp = at(
      `mlp-out.${layer}`,
      linear(
        inner.map((values) => values.map(gelu)),
        `h.${layer}.mlp.c_proj`,
      ),
    );
    x = at(
      `resid-post.${layer}`,
      x.map((values, t) => add(values, mlp[t]!)),
    );
  }
  const head = tensors.has("lm_head.weight") ? "lm_head.weight" : "wte.weight";
  const logits = norm(x, "ln_f").map((values) =>
    Array.from({ length: config.vocabularySize }, (_, id) => dot(values, row(head, id))),
  );
  return { points, logits };
}

/** -log p(label) of each row, in nats. */
export function referenceLosses(logits: Rows, labels: readonly number[]): readonly number[] {
  return labels.map((label, t) => {
    const row = logits[t]!;
    const max = Math.max(...row);
    return max + Math.log(row.reduce((sum, value) => sum + Math.exp(value - max), 0)) - row[label]!;
  });
}

function heads(qkv: Rows, { width: D, numHeads }: Gpt2Config): Rows {
  const d = D / numHeads;
  return qkv.map((current, t) =>
    Array.from({ length: D }, (_, i) => {
      const start = Math.floor(i / d) * d;
      const query = current.slice(start, start + d);
      const scores = qkv.slice(0, t + 1).map((past) => dot(query, past.slice(D + start, D + start + d)) / Math.sqrt(d));
      const weights = scores.map((score) => Math.exp(score - Math.max(...scores)));
      const total = weights.reduce((a, b) => a + b, 0);
      return weights.reduce((sum, weight, past) => sum + (weight / total) * qkv[past]![2 * D + i]!, 0);
    }),
  );
}

function gelu(x: number): number {
  return 0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
}

function add(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.map((value, i) => value + b[i]!);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}
