/** Tensors of a foreign file by their names there: widened to float32, with their shapes checked, finite. */
import { readSafetensors } from "../data/safetensors.ts";
import type { StoredTensor } from "../data/safetensors.ts";
import { nearestName } from "../errors/nearest-name.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { SaeTensor } from "./foreign-sae.ts";
import { transpose } from "./matrices.ts";

export class ForeignTensors {
  readonly file: string;
  readonly #tensors: ReadonlyMap<string, StoredTensor>;

  constructor(file: string, tensors: ReadonlyMap<string, StoredTensor>) {
    this.file = file;
    this.#tensors = tensors;
  }

  has(name: string): boolean {
    return this.#tensors.has(name);
  }

  get names(): readonly string[] {
    return [...this.#tensors.keys()];
  }

  /** @throws SwitchyardError FOREIGN_TENSORS */
  shape(name: string): readonly number[] {
    return this.#find(name).shape;
  }

  /** Sizes of a matrix that others must fit. @throws SwitchyardError FOREIGN_TENSORS */
  sizes(name: string): readonly [rows: number, columns: number] {
    const { shape } = this.#find(name);
    const [rows, columns] = shape;
    if (shape.length === 2 && rows !== undefined && columns !== undefined && rows > 0 && columns > 0) {
      return [rows, columns];
    }
    throw this.#misshapen(name, "a matrix", shape);
  }

  /** @throws SwitchyardError FOREIGN_TENSORS */
  take(name: string, shape: readonly number[]): SaeTensor {
    const stored = this.#find(name);
    if (text(stored.shape) !== text(shape)) throw this.#misshapen(name, text(shape), stored.shape);
    return { shape, data: this.#floats(name, stored) };
  }

  /** A matrix that the file holds as [columns, rows], as [rows, columns]. @throws SwitchyardError FOREIGN_TENSORS */
  takeTransposed(name: string, [rows, columns]: readonly [rows: number, columns: number]): SaeTensor {
    const { data } = this.take(name, [columns, rows]);
    return { shape: [rows, columns], data: transpose(data, columns, rows) };
  }

  /** A single number, of whatever type and shape. @throws SwitchyardError FOREIGN_TENSORS */
  scalar(name: string): number {
    const { data, shape } = this.#find(name);
    const [value] = data;
    if (data.length !== 1 || value === undefined) throw this.#misshapen(name, "a single number", shape);
    return Number(value);
  }

  /** Whole numbers, such as sizes of groups. @throws SwitchyardError FOREIGN_TENSORS */
  counts(name: string): readonly number[] {
    return Array.from(this.#find(name).data as ArrayLike<number | bigint>, Number);
  }

  #find(name: string): StoredTensor {
    const found = this.#tensors.get(name);
    if (found !== undefined) return found;
    const near = nearestName(name, this.names);
    throw new SwitchyardError("FOREIGN_TENSORS", `There is no tensor "${name}" in the file.`, {
      where: this.file,
      expected: name,
      received: this.names.slice(0, 20).join(", ") || "no tensors",
      next: near === undefined ? "Name the format with --format if it was taken for another." : `Is it "${near}"?`,
    });
  }

  #floats(name: string, { data }: StoredTensor): Float32Array {
    const floats = data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number | bigint>, Number);
    const bad = floats.findIndex((value) => !Number.isFinite(value));
    if (bad === -1) return floats;
    throw new SwitchyardError("FOREIGN_TENSORS", "A weight is not finite.", {
      where: `${this.file}, tensor ${name}, element ${bad}`,
      expected: "finite numbers",
      received: String(floats[bad]),
      next: "Take another checkpoint: this one was saved after training had diverged.",
    });
  }

  #misshapen(name: string, expected: string, received: readonly number[]): SwitchyardError {
    return new SwitchyardError("FOREIGN_TENSORS", `The tensor "${name}" has another shape than its format has.`, {
      where: `${this.file}, tensor ${name}`,
      expected,
      received: text(received),
      next: "Use the config that belongs to these weights, or name the format with --format.",
    });
  }
}

/** @throws SwitchyardError as `readSafetensors` */
export async function readForeignTensors(file: string): Promise<ForeignTensors> {
  return new ForeignTensors(file, (await readSafetensors(file)).tensors);
}

function text(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
