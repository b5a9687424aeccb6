/** The largest typed array that is made while some code runs, so that a test can hold it against a file's size. */

const constructors = [
  "Int8Array",
  "Uint8Array",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
] as const;

export interface Allocations {
  /** Bytes of the largest array since the last call. */
  largest(): number;
  stop(): void;
}

/** Watches every `new Uint8Array(length)` and the like; arrays over memory that exists do not count. */
export function watchAllocations(): Allocations {
  let largest = 0;
  const before = constructors.map((name) => [name, Reflect.get(globalThis, name) as object] as const);
  for (const [name, constructor] of before) {
    const itemBytes = Number(Reflect.get(constructor, "BYTES_PER_ELEMENT"));
    const watched = new Proxy(constructor, {
      construct: (target, args: unknown[], newTarget) => {
        if (typeof args[0] === "number") largest = Math.max(largest, args[0] * itemBytes);
        return Reflect.construct(target as new () => object, args, newTarget) as object;
      },
    });
    Reflect.set(globalThis, name, watched);
  }
  return {
    largest: () => {
      const seen = largest;
      largest = 0;
      return seen;
    },
    stop: () => {
      for (const [name, constructor] of before) Reflect.set(globalThis, name, constructor);
    },
  };
}
