/**
 * Rows that are sparse sums of known directions, so that what a dictionary should find is known:
 *
 *   x = sum over active features g of a_g d_g + noise * n,   a_g ~ U(magnitudes),   n ~ N(0, I)
 *
 * With clusters, each row draws its features from one cluster only, as an input belongs to one domain. Rows are made
 * in chunks, each from a random stream of its own, so any range can be made again without the ones before it.
 *
 * Shapes: N rows, D width, G true features.
 */
import type { GroundTruth, RowStore } from "./contracts.ts";

/** What is needed of a random source. `Rng` is one. */
export interface NormalStreams {
  stream(name: string): { uniform(): number; integer(limit: number): number; normal(): number };
}

export interface SyntheticOptions {
  /** D */
  readonly width: number;
  /** G */
  readonly features: number;
  /** Mean number of active features of a row. */
  readonly activeFeatures: number;
  /** N */
  readonly rows: number;
  /** Divides G; 1: every feature may meet every other. */
  readonly clusters: number;
  /** Cosine between a feature's direction and its cluster's centre; without clusters, 0 is used. */
  readonly clusterCosine: number;
  /** Standard deviation, per coordinate, of what is added. */
  readonly noise: number;
  readonly minMagnitude: number;
  readonly maxMagnitude: number;
}

const chunkRows = 256;
/** Chunks kept: a window of the stream and an evaluation read neighbouring rows. */
const maxChunks = 16;

export function createSyntheticRows(
  options: SyntheticOptions,
  rng: NormalStreams,
): { readonly store: RowStore; readonly groundTruth: GroundTruth } {
  const { width, rows } = options;
  const directions = makeDirections(options, rng);
  const chunks = new Map<number, Float32Array>();

  function chunkAt(index: number): Float32Array {
    const known = chunks.get(index);
    if (known !== undefined) return known;
    const [oldest] = chunks.keys();
    if (oldest !== undefined && chunks.size >= maxChunks) chunks.delete(oldest);
    const made = makeChunk(options, directions, rng.stream(`synthetic/rows/${index}`));
    chunks.set(index, made);
    return made;
  }

  return {
    groundTruth: { directions, numFeatures: options.features },
    store: {
      numRows: rows,
      width,
      read: (start, count, into) => {
        if (start < 0 || count < 0 || start + count > rows) {
          return Promise.reject(new RangeError(`rows ${start} to ${start + count} of a store of ${rows} rows`));
        }
        for (let row = start; row < start + count;) {
          const index = Math.floor(row / chunkRows);
          const first = row - index * chunkRows;
          const taken = Math.min(chunkRows - first, start + count - row);
          into.set(chunkAt(index).subarray(first * width, (first + taken) * width), (row - start) * width);
          row += taken;
        }
        return Promise.resolve();
      },
    },
  };
}

type Stream = ReturnType<NormalStreams["stream"]>;

/** [G, D], unit rows: cosine * centre + sqrt(1 - cosine^2) * something orthogonal to the centre. */
function makeDirections(options: SyntheticOptions, rng: NormalStreams): Float32Array {
  const { width, features, clusters } = options;
  const cosine = clusters > 1 ? options.clusterCosine : 0;
  const stream = rng.stream("synthetic/directions");
  const centres = Array.from({ length: clusters }, () => unit(normals(stream, width)));
  const directions = new Float32Array(features * width);
  for (let g = 0; g < features; g++) {
    const centre = centres[Math.floor((g * clusters) / features)] ?? [];
    const drawn = normals(stream, width);
    const along = cosine === 0 ? 0 : dot(drawn, centre);
    const across = unit(drawn.map((value, i) => value - along * (centre[i] ?? 0)));
    const spread = Math.sqrt(1 - cosine * cosine);
    directions.set(unit(across.map((value, i) => spread * value + cosine * (centre[i] ?? 0))), g * width);
  }
  return directions;
}

function makeChunk(options: SyntheticOptions, directions: Float32Array, stream: Stream): Float32Array {
  const { width, features, clusters, noise, minMagnitude, maxMagnitude } = options;
  const groupSize = features / clusters;
  const probability = options.activeFeatures / groupSize;
  const chunk = new Float32Array(chunkRows * width);
  for (let row = 0; row < chunkRows; row++) {
    const x = chunk.subarray(row * width, (row + 1) * width);
    const group = stream.integer(clusters) * groupSize;
    for (let g = skip(stream, probability); g < groupSize; g += 1 + skip(stream, probability)) {
      const magnitude = minMagnitude + (maxMagnitude - minMagnitude) * stream.uniform();
      const offset = (group + g) * width;
      for (let i = 0; i < width; i++) x[i] = (x[i] ?? 0) + magnitude * (directions[offset + i] ?? 0);
    }
    if (noise > 0) for (let i = 0; i < width; i++) x[i] = (x[i] ?? 0) + noise * stream.normal();
  }
  return chunk;
}

/** Features passed over until the next active one: geometric, so that each is active with `probability`. */
function skip(stream: Stream, probability: number): number {
  if (probability >= 1) return 0;
  return Math.floor(Math.log(1 - stream.uniform()) / Math.log(1 - probability));
}

function normals(stream: Stream, length: number): readonly number[] {
  return Array.from({ length }, () => stream.normal());
}

function unit(values: readonly number[]): readonly number[] {
  const norm = Math.sqrt(dot(values, values));
  return values.map((value) => value / norm);
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}
