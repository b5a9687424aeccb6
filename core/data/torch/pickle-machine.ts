/** The machine of a pickle without its instructions: a stack with marks, and a memo of values to come back to. */
import type { PickleBytes } from "./pickle-bytes.ts";
import { describePickle, isKind } from "./pickle-values.ts";
import type { PickleDict, PickleKey, PickleValue } from "./pickle-values.ts";
import { corrupt, forbidden, unsupported } from "./torch-errors.ts";
import type { Place } from "./torch-errors.ts";

/** Stack, marks and memo of a pickle in progress. */
export class PickleMachine {
  readonly bytes: PickleBytes;
  readonly #stack: PickleValue[] = [];
  /** Heights of the stack. */
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, PickleValue>();

  constructor(bytes: PickleBytes) {
    this.bytes = bytes;
  }

  get place(): Place {
    return this.bytes.place;
  }

  push(value: PickleValue): void {
    this.#stack.push(value);
  }

  pop(): PickleValue {
    const lowest = this.#marks.at(-1) ?? 0;
    const value = this.#stack.length > lowest ? this.#stack.pop() : undefined;
    if (value === undefined) throw corrupt(this.place, { expected: "a value on the stack", received: "none" });
    return value;
  }

  top(): PickleValue {
    const value = this.pop();
    this.#stack.push(value);
    return value;
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  popToMark(): PickleValue[] {
    const height = this.#marks.pop();
    if (height === undefined) throw corrupt(this.place, { expected: "a mark on the stack", received: "none" });
    return this.#stack.splice(height);
  }

  tuple(length: number): PickleValue {
    return { kind: "tuple", items: Array.from({ length }, () => this.pop()).reverse() };
  }

  append(items: readonly PickleValue[]): void {
    const list = this.top();
    if (!isKind(list, "list")) throw this.unfit("a list to append to", list);
    for (const item of items) list.items.push(item);
  }

  setItems(items: readonly PickleValue[]): void {
    const dict = this.top();
    if (!isKind(dict, "dict")) throw this.unfit("a dict to set items of", dict);
    this.fill(dict, items);
  }

  /** Puts keys and values, in turns, into a dict. */
  fill(dict: PickleDict, items: readonly PickleValue[]): PickleDict {
    if (items.length % 2 !== 0) throw corrupt(this.place, { expected: "keys with values", received: "a key alone" });
    for (let i = 0; i < items.length; i += 2) {
      const [key, value] = [items[i], items[i + 1]];
      if (!isKey(key) || value === undefined) throw this.unfit("keys that are texts or numbers", key);
      dict.entries.set(key, value);
    }
    return dict;
  }

  kept(index: number): PickleValue {
    const value = this.#memo.get(index);
    if (value === undefined)
      throw corrupt(this.place, { expected: "a value kept before", received: `none as ${index}` });
    return value;
  }

  /** Keeps the value on top. */
  put(index: number): void {
    this.#memo.set(index, this.top());
  }

  get numKept(): number {
    return this.#memo.size;
  }

  /** State of an object: torch keeps its versions as an attribute of the state dict; they say nothing of the numbers. */
  build(): void {
    this.pop();
    const target = this.top();
    if (!isKind(target, "dict")) throw forbidden(this.place, `the state of ${describePickle(target)}`);
  }

  unfit(expected: string, received: PickleValue | undefined): Error {
    return unsupported(this.place, { expected, received: describePickle(received) });
  }
}

function isKey(value: PickleValue | undefined): value is PickleKey {
  return value === null || ["string", "number", "bigint", "boolean"].includes(typeof value);
}
