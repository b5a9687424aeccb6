/** Right arguments of a function of the addon, made wrong in a few places or in none. */
import type { RandomData } from "../../conformance/kernels/random-data.ts";
import type { Argument } from "./addon-signatures.ts";
import type { GuardedMemory, Numbers } from "./guarded-memory.ts";

export interface Spoilt {
  readonly args: readonly unknown[];
  /** What the function may write, should it accept the call. */
  readonly written: readonly ArrayBufferView[];
  /** Nothing was changed: the call must be accepted. */
  readonly isUnspoilt: boolean;
  /** Something is wrong for certain: the call must be refused. Other changes may leave a call right. */
  readonly isCertain: boolean;
}

/** One changed argument. */
interface Change {
  readonly value: unknown;
  readonly isCertain: boolean;
}

/** Nothing may ask these for anything: what they run is somebody else's code in the middle of a check. */
const tricks: readonly (() => unknown)[] = [
  () => ({ valueOf: refuseToRun, toString: refuseToRun, [Symbol.toPrimitive]: refuseToRun }),
  () => Object.defineProperty({}, "length", { get: refuseToRun }),
  () => new Proxy(new Float32Array(4), { get: refuseToRun }),
  () => new Proxy({}, { get: refuseToRun, has: refuseToRun, getPrototypeOf: refuseToRun }),
];

function refuseToRun(): never {
  throw new Error("an argument's own code was run");
}

/** Neither number, flag nor memory. */
const junk: readonly (() => unknown)[] = [
  () => undefined,
  () => "3",
  () => "",
  () => ({}),
  () => [1, 2, 3],
  () => 3n,
  () => Symbol("s"),
  () => () => 1,
  () => new ArrayBuffer(64),
  () => new DataView(new ArrayBuffer(64)),
  () => new Float64Array(8),
  () => new Uint8Array(8),
  ...tricks,
];

const strangeNumbers = [NaN, Infinity, -Infinity, 2 ** 31, 2 ** 53, 1e300, -1, -(2 ** 31), 0.5];

/** @param memory Where the arguments are put. */
export function spoil(args: readonly Argument[], memory: GuardedMemory, random: RandomData): Spoilt {
  const placed = args.map(({ value }) => (ArrayBuffer.isView(value) ? memory.place(value) : value));
  const values: unknown[] = [...placed];
  const kind = random.below(10);
  const numChanges = kind < 4 ? 0 : kind < 8 ? 1 : 1 + random.below(3);
  const places = Array.from({ length: numChanges }, () => random.below(args.length));
  const changes = places.map((at) => changed(args, placed, at, random));
  for (const [i, at] of places.entries()) values[at] = changes[i]!.value;
  // Two wrongs can make a right: a length and the memory's.
  const isCertain = numChanges === 1 && changes[0]!.isCertain;
  const isListWrong = random.below(20) === 0;
  if (isListWrong) changeList(values, random);
  const written = args.flatMap((argument, i) => {
    const value = values[i];
    return argument.kind === "memory" && argument.isWritten && ArrayBuffer.isView(value) ? [value] : [];
  });
  return {
    args: values,
    written,
    isUnspoilt: numChanges === 0 && !isListWrong,
    isCertain: isCertain || isListWrong,
  };
}

/** Another number of arguments. */
function changeList(values: unknown[], random: RandomData): void {
  const changes = [
    () => values.pop(),
    () => values.shift(),
    () => values.push(undefined),
    () => values.push(...Array.from({ length: 30 }, () => 1)),
    () => values.splice(0),
  ];
  pick(changes, random)();
}

function pick<T>(items: readonly T[], random: RandomData): T {
  return items[random.below(items.length)]!;
}

function changed(args: readonly Argument[], placed: readonly unknown[], at: number, random: RandomData): Change {
  const argument = args[at]!;
  if (random.below(4) === 0) return { value: pick(junk, random)(), isCertain: true };
  switch (argument.kind) {
    case "count":
      return changedCount(argument, random);
    case "number": {
      const value = pick([...strangeNumbers, null, true], random);
      return { value, isCertain: typeof value !== "number" || !(argument.mayBeInfinite || Number.isFinite(value)) };
    }
    case "flag":
      return pick<Change>(
        [
          { value: !argument.value, isCertain: false },
          { value: 1, isCertain: true },
          { value: null, isCertain: true },
        ],
        random,
      );
    case "memory":
      return changedMemory(args, placed, at, random);
  }
}

function changedCount(argument: Extract<Argument, { kind: "count" }>, random: RandomData): Change {
  const { value, lowest, highest, dear } = argument;
  const near = [value - 1, value + 1, lowest - 1, highest + 1, 0, 1, 2];
  const drawn = pick<unknown>([...near, ...near, ...strangeNumbers, null, true, Object(value)], random);
  const isDear = typeof drawn === "number" && drawn > dear && drawn <= highest;
  const received = isDear ? highest + 1 : drawn;
  const isRight =
    typeof received === "number" && Number.isInteger(received) && received >= lowest && received <= highest;
  return { value: received, isCertain: !isRight };
}

function changedMemory(args: readonly Argument[], placed: readonly unknown[], at: number, random: RandomData): Change {
  const argument = args[at] as Extract<Argument, { kind: "memory" }>;
  const values = placed[at];
  if (!(values instanceof Float32Array || values instanceof Int32Array)) {
    return { value: new Float32Array(random.below(4)), isCertain: false };
  }
  const isEmpty = values.length === 0;
  const changes: readonly (() => Change)[] = [
    () => ({ value: null, isCertain: !argument.isNullable }),
    () => ({ value: longer(values), isCertain: true }),
    () => ({ value: values.subarray(1), isCertain: !isEmpty }),
    () => ({ value: otherType(values), isCertain: true }),
    () => ({ value: new Uint32Array(values.buffer, values.byteOffset, values.length), isCertain: true }),
    () => ({ value: shared(values), isCertain: true }),
    () => ({ value: detached(values), isCertain: !isEmpty }),
    () => ({ value: subclassed(values), isCertain: false }),
    () => ({ value: new Proxy(values, {}), isCertain: true }),
    () => ({ value: Array.from(values), isCertain: true }),
    () => badIndex(argument, values, random),
    () => overlapping(args, placed, at, random),
  ];
  return pick(changes, random)();
}

/** A view of the type of `like`. */
function viewLike(like: Numbers, buffer: ArrayBufferLike, start: number, length = like.length): Numbers {
  return like instanceof Float32Array ? new Float32Array(buffer, start, length) : new Int32Array(buffer, start, length);
}

/** One number more, which belongs to nobody. */
function longer(values: Numbers): Numbers {
  return viewLike(values, values.buffer, values.byteOffset, values.length + 1);
}

function otherType(values: Numbers): Numbers {
  const { buffer, byteOffset, length } = values;
  return values instanceof Float32Array
    ? new Int32Array(buffer, byteOffset, length)
    : new Float32Array(buffer, byteOffset, length);
}

function shared(values: Numbers): Numbers {
  const copy = viewLike(values, new SharedArrayBuffer(values.byteLength), 0);
  copy.set(values);
  return copy;
}

function detached(values: Numbers): Numbers {
  const buffer = new ArrayBuffer(values.byteLength);
  const copy = viewLike(values, buffer, 0);
  structuredClone(buffer, { transfer: [buffer] });
  return copy;
}

/** Memory like any other. */
function subclassed(values: Numbers): Numbers {
  class OwnFloats extends Float32Array {}
  class OwnInts extends Int32Array {}
  const { byteOffset, length } = values;
  const buffer = values.buffer as ArrayBuffer;
  return values instanceof Float32Array
    ? new OwnFloats(buffer, byteOffset, length)
    : new OwnInts(buffer, byteOffset, length);
}

/** The same memory, with an index that does not exist. Where no index is read, any number will do. */
function badIndex(
  { limit, isWritten }: Extract<Argument, { kind: "memory" }>,
  values: Numbers,
  random: RandomData,
): Change {
  if (values.length > 0) {
    const beyond = [limit ?? 2 ** 31 - 1, -1, -(2 ** 31), 2 ** 31 - 1];
    values[random.below(values.length)] = pick(beyond, random);
  }
  return { value: values, isCertain: limit !== undefined && !isWritten && values.length > 0 };
}

/** As long as it must be, but beginning inside of another argument. */
function overlapping(args: readonly Argument[], placed: readonly unknown[], at: number, random: RandomData): Change {
  const own = placed[at] as Numbers;
  const others = placed.flatMap((value, i) =>
    i !== at && (value instanceof Float32Array || value instanceof Int32Array) && value.length > 0
      ? [{ value, i }]
      : [],
  );
  if (others.length === 0 || own.length === 0) return { value: "no other memory", isCertain: true };
  const { value: other, i } = pick(others, random);
  const start = other.byteOffset + 4 * random.below(other.length);
  const overlap = viewLike(own, other.buffer, start);
  const isWritten = [args[at], args[i]].some((argument) => argument?.kind === "memory" && argument.isWritten);
  return { value: overlap, isCertain: isWritten };
}
