/** What a pickle may hold here. Nothing else is built, and nothing is called. */
import type { Dtype } from "../safetensors-header.ts";

export type PickleKey = null | boolean | number | bigint | string;

export interface PickleList {
  readonly kind: "list";
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly kind: "tuple";
  readonly items: readonly PickleValue[];
}

/** A dict or an OrderedDict. */
export interface PickleDict {
  readonly kind: "dict";
  readonly entries: Map<PickleKey, PickleValue>;
}

/** A Python name that a pickle may mention: "collections.OrderedDict". */
export interface PickleGlobal {
  readonly kind: "global";
  readonly name: string;
}

/** The memory behind tensors, by the name under which the file stores it. */
export interface TorchStorage {
  readonly kind: "storage";
  readonly key: string;
  readonly dtype: Dtype;
  readonly numElements: number;
}

/** A view of a storage; elements at offset + sum of index * stride, in elements. */
export interface TorchTensor {
  readonly kind: "tensor";
  readonly storage: TorchStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

export type PickleValue = PickleKey | PickleList | PickleTuple | PickleDict | PickleGlobal | TorchStorage | TorchTensor;

/** The entries of a dict, or none of another value. */
export function entriesOf(value: PickleValue | undefined): ReadonlyMap<PickleKey, PickleValue> {
  return isKind(value, "dict") ? value.entries : new Map();
}

type Composite = Extract<PickleValue, { readonly kind: string }>;

export function isKind<K extends Composite["kind"]>(
  value: PickleValue | undefined,
  kind: K,
): value is Extract<Composite, { readonly kind: K }> {
  return typeof value === "object" && value !== null && value.kind === kind;
}

/** For messages: "a list", "the text 'x'". */
export function describePickle(value: PickleValue | undefined): string {
  if (value === undefined) return "nothing";
  if (value === null) return "None";
  if (typeof value === "string") return `the text ${JSON.stringify(value.slice(0, 60))}`;
  if (typeof value !== "object") return String(value);
  return value.kind === "global" ? value.name : `a ${value.kind}`;
}
