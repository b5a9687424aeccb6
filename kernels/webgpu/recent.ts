/** A table of what was made for a key and used lately, in two generations: what the younger one misses, the older may have. */
export interface Recent<Value> {
  /** @param make Called where the key is unknown, or was not asked for since it was forgotten. */
  get(key: string, make: () => Value): Value;
}

/**
 * @param most Keys of a generation. One that is full becomes the older one, and the older one is forgotten: what was
 *   asked for in the meantime has moved.
 * @param forget Told of each value that is forgotten.
 */
export function createRecent<Value>(most: number, forget: (value: Value) => void = () => undefined): Recent<Value> {
  let young = new Map<string, Value>();
  let old = new Map<string, Value>();
  return {
    get: (key, make) => {
      const known = young.get(key);
      if (known !== undefined) return known;
      const value = old.get(key) ?? make();
      old.delete(key);
      if (young.size >= most) {
        for (const forgotten of old.values()) forget(forgotten);
        old = young;
        young = new Map();
      }
      young.set(key, value);
      return value;
    },
  };
}
