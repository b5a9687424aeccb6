/**
 * What every function of the addon takes, as tables that valid calls are drawn from: for tests that call all of them.
 *
 * Shapes: B rows, D width, E experts, M features an expert, F = E M, R experts a row, K active features a row.
 */
import type { NativeAddon } from "../../../kernels/native/addon.ts";
import type { RandomData } from "../../conformance/kernels/random-data.ts";

export interface Sizes {
  readonly B: number;
  readonly D: number;
  readonly E: number;
  /** At most E. */
  readonly R: number;
  readonly M: number;
  readonly K: number;
  readonly batch: number;
  readonly m: number;
  readonly n: number;
  readonly k: number;
}

export type Argument =
  | {
      readonly kind: "count";
      readonly value: number;
      readonly lowest: number;
      readonly highest: number;
      /** More would be right, and cost too much to be tried. */
      readonly dear: number;
    }
  | { readonly kind: "number"; readonly value: number; readonly mayBeInfinite: boolean }
  | { readonly kind: "flag"; readonly value: boolean }
  | {
      readonly kind: "memory";
      readonly value: Float32Array | Int32Array | null;
      readonly isNullable: boolean;
      readonly isWritten: boolean;
      /** Indices that are read lie below it. */
      readonly limit?: number;
    };

/** The addon's functions; its other members are facts. */
export type FunctionName = Exclude<keyof NativeAddon, "stamp" | "instructionSets">;

export type Signature = (sizes: Sizes, random: RandomData) => readonly Argument[];

const highestInt = 2 ** 31 - 1;

function count(value: number, lowest = 1, highest = highestInt, dear = highest): Argument {
  return { kind: "count", value, lowest, highest, dear };
}

function number(value: number, mayBeInfinite = false): Argument {
  return { kind: "number", value, mayBeInfinite };
}

function flag(value: boolean): Argument {
  return { kind: "flag", value };
}

function read(value: Float32Array | Int32Array | null, limit?: number): Argument {
  const isNullable = value === null;
  return { kind: "memory", value, isNullable, isWritten: false, ...(limit === undefined ? {} : { limit }) };
}

/** Present or null. */
function optional(value: Float32Array, random: RandomData): Argument {
  return { kind: "memory", value: coin(random) ? value : null, isNullable: true, isWritten: false };
}

function written(value: Float32Array | Int32Array): Argument {
  return { kind: "memory", value, isNullable: false, isWritten: true };
}

function coin(random: RandomData): boolean {
  return random.below(2) === 1;
}

/** Writes into memory whose old content is read or overwritten. */
function writtenFloats(length: number, random: RandomData): Argument {
  return written(random.floats(length));
}

function writtenInts(length: number, random: RandomData): Argument {
  return written(random.indices(length, 100));
}

function indices(length: number, limit: number, random: RandomData): Argument {
  return read(random.indices(length, limit), limit);
}

function grouped({ B, D, E, R, M }: Sizes): readonly Argument[] {
  return [B, D, E, R, M].map((size) => count(size));
}

function routing({ B, D, E, R, M }: Sizes, random: RandomData): Argument {
  return read(random.routing({ B, D, E, R, F: E * M }), E);
}

function sparse({ B, D, E, M, K }: Sizes, random: RandomData): readonly Argument[] {
  return [...[B, D, E * M, K].map((size) => count(size)), indices(B * K, E * M, random)];
}

/** Pairs as `sortByFeature` makes them of random indices. */
function rowGradient({ B, D, E, M, K }: Sizes, isProjected: boolean, random: RandomData): readonly Argument[] {
  const F = E * M;
  const features = random.indices(B * K, F);
  const order = Array.from(features.keys()).sort((a, b) => features[a]! - features[b]! || a - b);
  const starts = new Int32Array(F + 1);
  for (const feature of features) starts[feature + 1]! += 1;
  for (let f = 0; f < F; f++) starts[f + 1]! += starts[f]!;
  return [
    ...[B, D, F, K].map((size) => count(size)),
    ...[number(random.floats(1)[0]!), flag(isProjected)],
    ...[
      read(starts),
      read(Int32Array.from(order), B * K),
      read(
        Int32Array.from(order, (at) => Math.floor(at / K)),
        B,
      ),
    ],
    ...[read(random.floats(B * K)), read(random.floats(B * D))],
  ];
}

function adamConstants(): readonly Argument[] {
  return [0.9, 0.999, 1e-8, 1e-3, 1.5].map((value) => number(value));
}

/** Second moments are no squares here, and their roots not numbers: the arithmetic is not what is looked at. */
function adamState(size: number, random: RandomData): readonly Argument[] {
  return [0, 1, 2].map(() => writtenFloats(size, random));
}

function rows({ B, D }: Sizes, numInputs: number, random: RandomData): readonly Argument[] {
  return [count(B), count(D), ...Array.from({ length: numInputs }, () => read(random.floats(B * D)))];
}

/** A part of a tensor of four axes, in any order of them. */
function rearranged({ batch, m, n, k }: Sizes, random: RandomData): readonly Argument[] {
  const shape = [batch, m, n, Math.max(1, k)];
  const strides = shape.map((_, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const size = shape[0]! * strides[0]!;
  const begin = shape.map((length) => random.below(length));
  const axes = shape.map((_, axis) => axis);
  const order = shape.map(() => axes.splice(random.below(axes.length), 1)[0]!);
  const lengths = order.map((axis) => 1 + random.below(shape[axis]! - begin[axis]!));
  return [
    ...[
      count(size),
      count(
        begin.reduce((sum, at, axis) => sum + at * strides[axis]!, 0),
        0,
      ),
    ],
    ...order.flatMap((axis, i) => [count(lengths[i]!), count(strides[axis]!, 0)]),
    read(random.floats(size)),
    writtenFloats(
      lengths.reduce((product, length) => product * length, 1),
      random,
    ),
  ];
}

/** @param addon For the number of its instruction sets. */
export function createSignatures(addon: NativeAddon): Readonly<Record<FunctionName, Signature>> {
  return {
    matMul: ({ batch, m, n, k }, random) => {
      const [repeatA, repeatB] = [coin(random), coin(random)];
      return [
        ...[count(batch), count(m), count(n), count(k, 0)],
        ...[flag(repeatA), flag(repeatB), flag(coin(random)), flag(coin(random))],
        ...[read(random.floats((repeatA ? 1 : batch) * m * k)), read(random.floats((repeatB ? 1 : batch) * k * n))],
        ...[optional(random.floats(n), random), writtenFloats(batch * m * n, random)],
      ];
    },
    groupedEncode: (at, random) => [
      ...[...grouped(at), read(random.floats(at.B * at.D)), read(random.floats(at.E * at.M * at.D))],
      ...[routing(at, random), writtenFloats(at.B * at.R * at.M, random)],
    ],
    groupedDecode: (at, random) => [
      ...[...grouped(at), read(random.floats(at.B * at.R * at.M)), read(random.floats(at.E * at.M * at.D))],
      ...[routing(at, random), writtenFloats(at.B * at.D, random)],
    ],
    groupedOuter: (at, random) => [
      ...[...grouped(at), read(random.floats(at.B * at.R * at.M)), read(random.floats(at.B * at.D))],
      ...[routing(at, random), writtenFloats(at.E * at.M * at.D, random)],
    ],
    encodeTopK: (at, random) => {
      const { B, D, E, R, M } = at;
      const K = Math.min(at.K, R * M);
      return [
        ...[count(B), count(D), count(E), count(R, 1, E), count(M), count(K, 1, R * M)],
        ...[read(random.floats(B * D)), read(random.floats(E * M * D)), optional(random.floats(E * M), random)],
        ...[routing(at, random), read(random.floats(B * R).map(Math.abs))],
        ...[writtenInts(B * K, random), writtenFloats(B * K, random), writtenInts(B * K, random)],
      ];
    },
    sparseDecode: (at, random) => [
      ...[...sparse(at, random), read(random.floats(at.B * at.K)), read(random.floats(at.E * at.M * at.D))],
      writtenFloats(at.B * at.D, random),
    ],
    sparseColumnSums: (at, random) => [
      ...[...sparse(at, random), read(random.floats(at.B * at.K)), read(random.floats(at.E * at.M * at.D))],
      writtenFloats(at.D, random),
    ],
    sparseGatherDot: (at, random) => [
      ...[...sparse(at, random), read(random.floats(at.E * at.M * at.D)), read(random.floats(at.B * at.D))],
      writtenFloats(at.B * at.K, random),
    ],
    sortByFeature: ({ B, E, M, K }, random) => [
      ...[count(B), count(E * M), count(K), indices(B * K, E * M, random)],
      ...[writtenInts(E * M + 1, random), writtenInts(B * K, random), writtenInts(B * K, random)],
    ],
    rowSparseAccumulate: (at, random) => {
      const isProjected = coin(random);
      const matrix = random.floats(at.E * at.M * at.D);
      return [
        ...rowGradient(at, isProjected, random),
        isProjected ? read(matrix) : optional(matrix, random),
        writtenFloats(matrix.length, random),
      ];
    },
    rowSparseSquaredNorm: (at, random) => {
      const isProjected = coin(random);
      const matrix = random.floats(at.E * at.M * at.D);
      return [...rowGradient(at, isProjected, random), isProjected ? read(matrix) : optional(matrix, random)];
    },
    adamRows: (at, random) => [
      ...[...adamConstants(), ...rowGradient(at, coin(random), random)],
      ...adamState(at.E * at.M * at.D, random),
    ],
    adam: ({ B, D }, random) => [
      ...[...adamConstants(), count(B * D), read(random.floats(B * D))],
      ...adamState(B * D, random),
    ],
    normaliseRows: ({ B, D }, random) => [count(B), count(D), writtenFloats(B * D, random)],
    removeParallelComponent: (at, random) => [...rows(at, 2, random), writtenFloats(at.B * at.D, random)],
    squaredNorm: ({ B, D }, random) => [count(B * D), read(random.floats(B * D))],
    squaredError: (at, random) => rows(at, 2, random),
    squaredErrorGradient: (at, random) => [
      ...[number(random.floats(1)[0]!, true), ...rows(at, 2, random)],
      writtenFloats(at.B * at.D, random),
    ],
    softmax: (at, random) => [...rows(at, 1, random), writtenFloats(at.B * at.D, random)],
    binary: ({ B, D }, random) => {
      const [aOuter, aInner, bOuter, bInner] = [coin(random), coin(random), coin(random), coin(random)];
      const operand = (hasOuter: boolean, hasInner: boolean): Argument =>
        read(random.floats((hasOuter ? B : 1) * (hasInner ? D : 1)));
      return [
        ...[count(random.below(7), 0, 6), count(B), count(D)],
        ...[flag(aOuter), flag(aInner), flag(bOuter), flag(bInner)],
        ...[operand(aOuter, aInner), operand(bOuter, bInner), writtenFloats(B * D, random)],
      ];
    },
    unary: ({ B, D }, random) => [
      ...[count(random.below(9), 0, 8), count(B * D), read(random.floats(B * D))],
      writtenFloats(B * D, random),
    ],
    reduce: ({ B, D, K }, random) => {
      const [outer, reduced, inner] = [
        [1, B * K, D],
        [B, D, 1],
        [K, B, D],
        [1, B * D, 1],
      ][random.below(4)] as [number, number, number];
      return [
        ...[count(random.below(2), 0, 1), count(outer), count(reduced), count(inner)],
        ...[read(random.floats(outer * reduced * inner)), writtenFloats(outer * inner, random)],
      ];
    },
    rearrange: rearranged,
    gatherRows: ({ B, D, E, M }, random) => [
      ...[count(B), count(E * M), count(D), indices(B, E * M, random)],
      ...[read(random.floats(E * M * D)), writtenFloats(B * D, random)],
    ],
    allocate: ({ B, D }) => [count(B * D, 1, 2 ** 40, 2 ** 20)],
    setThreads: (_, random) => [count(1 + random.below(4), 1, 256, 4)],
    setInstructionSet: (_, random) => [
      count(random.below(addon.instructionSets.length), 0, addon.instructionSets.length - 1),
    ],
  };
}
