/**
 * The least that a training step can take on a machine: its arithmetic at the rate of the machine's best product, plus
 * the memory that it must move at the machine's bandwidth. What a program takes beyond that is its own.
 *
 * Arithmetic, 2 FLOPs a multiply-add:
 *
 *   router       3 * 2 B D E            scores, and their gradient by weights and by input; none with one expert
 *   encode       2 B M D                every row through its own expert's block
 *   decode       2 B K D                the active decoder rows, summed
 *   gather-dot   2 B K D                the gradient of the active features
 *   accumulate   2 * 2 B K D            the gradients of the active encoder and decoder rows
 *
 * Memory, 4 bytes a number:
 *
 *   update       2 * 6 F D              parameter and both moments of Adam, read and written, of encoder and decoder. All
 *                                       rows: the moments of a feature that was not active decay too
 *   normalise    2 F D                  decoder rows read and written once more: their norms are known only when whole rows
 *                                       are updated
 *   gathers      6 B K D                rows read by index: of the decoder to decode and for gather-dot; of the batch for
 *                                       the gradients of both matrices, twice, because the clipping needs the norm of all
 *                                       gradients before the first row is updated. Gradients of shape [F, D] need then
 *                                       never be stored; a program that stores them moves more
 *   activations  6 B D                  the batch read by the encoder; the reconstruction written; both read by the loss;
 *                                       its gradient written and read by gather-dot
 *
 * Not counted, so that the floor stays one: the top k (comparisons), pre-activations (they need not leave the cache), the
 * encoder read once by the product (hidden behind its arithmetic), the gradient of the decoder's bias, and everything of
 * the size of the batch's rows alone. NOTE: what is gathered is counted as if it came from memory every time. A cache that
 * holds the batch or the dictionary can answer part of it, so the gathers are reported apart.
 *
 * The memory floor is the memory's part alone. It is what a GPU's step is set against: a GPU computes and moves memory at
 * the same time, so a step may well take less than the sum, but not less than either part.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E features an expert, K active features a row.
 */
import type { MachineRates } from "../machine.ts";
import type { StepSize } from "./size.ts";

export interface StepWork {
  readonly flops: { readonly router: number; readonly encode: number; readonly sparse: number };
  readonly bytes: {
    readonly update: number;
    readonly normalise: number;
    readonly gathers: number;
    readonly activations: number;
  };
}

/** Milliseconds; arithmetic, streams and gathers add up to `totalMs`. */
export interface StepFloor {
  readonly totalMs: number;
  /** All arithmetic. */
  readonly arithmeticMs: number;
  /** Parameters, moments and activations, front to back. */
  readonly streamsMs: number;
  /** Rows read by index. */
  readonly gathersMs: number;
  /** Streams and gathers: the memory floor. */
  readonly memoryMs: number;
}

const bytesPerNumber = 4;

/** The work of one step, by the formula above. */
export function workOf({ B, D, F, E, K }: StepSize): StepWork {
  const bytes = (numbers: number): number => bytesPerNumber * numbers;
  return {
    flops: {
      router: E > 1 ? 3 * 2 * B * D * E : 0,
      encode: 2 * B * (F / E) * D,
      sparse: 4 * 2 * B * K * D,
    },
    bytes: {
      update: bytes(2 * 6 * F * D),
      normalise: bytes(2 * F * D),
      gathers: bytes(6 * B * K * D),
      activations: bytes(6 * B * D),
    },
  };
}

export function floorOf({ flops, bytes }: StepWork, { flopsPerSecond, bytesPerSecond }: MachineRates): StepFloor {
  const memoryMs = (1000 * bytesOf({ flops, bytes })) / bytesPerSecond;
  const arithmeticMs = (1000 * (flops.router + flops.encode + flops.sparse)) / flopsPerSecond;
  const streamsMs = (1000 * (bytes.update + bytes.normalise + bytes.activations)) / bytesPerSecond;
  const gathersMs = (1000 * bytes.gathers) / bytesPerSecond;
  return { totalMs: arithmeticMs + memoryMs, arithmeticMs, streamsMs, gathersMs, memoryMs };
}

/** All that the formula counts. */
export function bytesOf({ bytes }: StepWork): number {
  return bytes.update + bytes.normalise + bytes.gathers + bytes.activations;
}
