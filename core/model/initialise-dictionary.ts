/**
 * How a dictionary starts. Encoder and decoder are tied at the start: every decoder row is its encoder row, scaled
 * to one norm; afterwards they train freely.
 *
 *   uniform   encoder ~ U(-1/sqrt D, 1/sqrt D)  (the authors' nn.Linear default);  decoder = encoder row * n / ||row||
 *   gaussian  rows ~ N(0, I) scaled to norm n, the same rows for encoder and decoder (their ReLU baseline, n = 0.1)
 *
 * Shapes: D width, F features.
 * @see amudide/switch_sae trainers/switch.py and dictionary.py (AutoEncoderNew); docs/paper-map.md
 */
import type { RandomStream } from "./rng.ts";

export interface DictionaryInit {
  readonly features: number;
  readonly width: number;
  readonly initialisation: "uniform" | "gaussian";
  /** n: the norm of every decoder row. */
  readonly decoderNorm: number;
  readonly stream: RandomStream;
}

export interface InitialDictionary {
  /** [F, D] row-major */
  readonly encoder_FD: Float32Array;
  /** [F, D] row-major */
  readonly decoder_FD: Float32Array;
}

export function initialiseDictionary(init: DictionaryInit): InitialDictionary {
  const { features, width, stream } = init;
  const bound = 1 / Math.sqrt(width);
  const draw = init.initialisation === "uniform" ? () => (2 * stream.uniform() - 1) * bound : () => stream.normal();
  const drawn_FD = Float32Array.from({ length: features * width }, draw);
  const decoder_FD = scaleRows(drawn_FD, width, init.decoderNorm);
  return { encoder_FD: init.initialisation === "uniform" ? drawn_FD : decoder_FD.slice(), decoder_FD };
}

/** Every row scaled to a norm; a zero row stays zero. */
function scaleRows(matrix_FD: Float32Array, width: number, norm: number): Float32Array {
  const scaled_FD = new Float32Array(matrix_FD.length);
  for (let start = 0; start < matrix_FD.length; start += width) {
    const row_D = matrix_FD.subarray(start, start + width);
    const length = Math.hypot(...row_D);
    if (length > 0)
      scaled_FD.set(
        row_D.map((value) => (value / length) * norm),
        start,
      );
  }
  return scaled_FD;
}
