/** Which of several points are worth having when both of their values should be small. */

export interface Point {
  readonly x: number;
  readonly y: number;
}

/**
 * The points that no other dominates, where a dominates b when it is no larger in both values and smaller in one.
 * Equal points do not dominate each other: both stay.
 * @returns By ascending x; O(n log n).
 */
export function paretoFront<P extends Point>(points: readonly P[]): readonly P[] {
  const ascending = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  const front: P[] = [];
  for (const point of ascending) {
    const last = front.at(-1);
    const isEqual = last !== undefined && last.x === point.x && last.y === point.y;
    if (last === undefined || point.y < last.y || isEqual) front.push(point);
  }
  return front;
}
