/** A value that is expensive to make and may never be needed: made at the first `get`, shared by all, freed once. */

export interface OnDemand<T> {
  /** A failed attempt is not remembered: the next call tries again. */
  readonly get: () => Promise<T>;
  /** Frees the value if it was made. */
  readonly dispose: () => Promise<void>;
}

export function onDemand<T>(make: () => Promise<T>, free?: (value: T) => void): OnDemand<T> {
  let made: Promise<T> | undefined;
  return {
    get: () => {
      made ??= make().catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      return made;
    },
    dispose: async () => {
      const value = made;
      made = undefined;
      if (value !== undefined) free?.(await value);
    },
  };
}
