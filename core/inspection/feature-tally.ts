/**
 * How often every feature is active, how strongly, and where most: counted context by context, with the strongest
 * places of each feature kept in slots, so that memory grows with features and slots, never with rows.
 *
 * A feature has at most one place in a context, its strongest there, so that its examples show different texts.
 *
 * Shapes: F features, P rows a context, W = 2 radius + 1 rows of a place.
 */
/* eslint-disable @typescript-eslint/no-non-null-assertion -- numeric loops with proven bounds */
import { SwitchyardError } from "../errors/switchyard-error.ts";

export interface TallySizes {
  readonly features: number;
  /** Places kept of each feature. */
  readonly slots: number;
  /** Positions kept to either side of a place. */
  readonly radius: number;
}

/** Where a feature was active. */
export interface Place {
  /** Counted from 0. */
  readonly context: number;
  readonly position: number;
  readonly value: number;
  /** [W] values at the positions around; 0 where it was not active or there is no position. */
  readonly around: Float32Array;
}

interface Activity {
  readonly positions: number[];
  readonly values: number[];
}

export class FeatureTally {
  private readonly sizes: TallySizes;
  private readonly firings_F: Float64Array;
  private readonly sums_F: Float64Array;
  private readonly numPlaces_F: Uint16Array;
  private readonly contexts: Int32Array;
  private readonly positions: Int32Array;
  private readonly values: Float32Array;
  private readonly around: Float32Array;
  private active = new Map<number, Activity>();

  constructor(sizes: TallySizes) {
    const { features, slots, radius } = sizes;
    this.sizes = sizes;
    this.firings_F = new Float64Array(features);
    this.sums_F = new Float64Array(features);
    this.numPlaces_F = new Uint16Array(features);
    this.contexts = new Int32Array(features * slots);
    this.positions = new Int32Array(features * slots);
    this.values = new Float32Array(features * slots);
    this.around = new Float32Array(features * slots * (2 * radius + 1));
  }

  /** An active feature of the context at hand. @throws SwitchyardError METRIC_NOT_FINITE */
  add(feature: number, position: number, value: number): void {
    if (!Number.isFinite(value)) throw notFinite(feature, value);
    this.firings_F[feature]! += 1;
    this.sums_F[feature]! += value;
    const found = this.active.get(feature);
    if (found === undefined) this.active.set(feature, { positions: [position], values: [value] });
    else {
      found.positions.push(position);
      found.values.push(value);
    }
  }

  /** All of the context was added; the next `add` belongs to another. */
  endContext(context: number): void {
    for (const [feature, activity] of this.active) this.offer(feature, context, activity);
    this.active = new Map();
  }

  firings(feature: number): number {
    return this.firings_F[feature]!;
  }

  /** Over the rows where it is active; 0 when it never is. */
  mean(feature: number): number {
    return this.firings_F[feature] === 0 ? 0 : this.sums_F[feature]! / this.firings_F[feature]!;
  }

  /** Strongest first; of equal ones the earlier context. */
  places(feature: number): readonly Place[] {
    const { slots, radius } = this.sizes;
    const window = 2 * radius + 1;
    return Array.from({ length: this.numPlaces_F[feature]! }, (_unused, slot) => {
      const i = feature * slots + slot;
      const around = this.around.subarray(i * window, (i + 1) * window);
      return { context: this.contexts[i]!, position: this.positions[i]!, value: this.values[i]!, around };
    }).sort((a, b) => b.value - a.value || a.context - b.context);
  }

  private offer(feature: number, context: number, { positions, values }: Activity): void {
    let strongest = 0;
    for (let i = 1; i < values.length; i++) if (values[i]! > values[strongest]!) strongest = i;
    const slot = this.slotFor(feature, values[strongest]!);
    if (slot === undefined) return;
    const { radius } = this.sizes;
    const window = 2 * radius + 1;
    this.contexts[slot] = context;
    this.positions[slot] = positions[strongest]!;
    this.values[slot] = values[strongest]!;
    this.around.fill(0, slot * window, (slot + 1) * window);
    for (let i = 0; i < positions.length; i++) {
      const offset = positions[i]! - positions[strongest]! + radius;
      if (offset >= 0 && offset < window) this.around[slot * window + offset] = values[i]!;
    }
  }

  /** A free slot of the feature, or that of its weakest place where the value is larger. */
  private slotFor(feature: number, value: number): number | undefined {
    const { slots } = this.sizes;
    const start = feature * slots;
    const used = this.numPlaces_F[feature]!;
    if (used < slots) {
      this.numPlaces_F[feature]! += 1;
      return start + used;
    }
    let weakest = start;
    for (let i = start + 1; i < start + slots; i++) {
      const isWeaker = this.values[i]! < this.values[weakest]!;
      const isLater = this.values[i] === this.values[weakest] && this.contexts[i]! > this.contexts[weakest]!;
      if (isWeaker || isLater) weakest = i;
    }
    return Math.fround(value) > this.values[weakest]! ? weakest : undefined;
  }
}

function notFinite(feature: number, value: number): SwitchyardError {
  return new SwitchyardError("METRIC_NOT_FINITE", "A feature's activation is not a finite number.", {
    where: `feature ${feature}`,
    expected: "finite activations",
    received: String(value),
    next: "The model of this checkpoint is broken: see switchyard diagnose.",
  });
}
