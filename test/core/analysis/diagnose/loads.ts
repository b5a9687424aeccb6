/** Routing metrics of a load, as the evaluator computes them. */
export function loaded(load: readonly number[]): Readonly<Record<string, number>> {
  return {
    "routing/entropy": load.reduce((sum, share) => sum - (share === 0 ? 0 : share * Math.log(share)), 0),
    "routing/max-load": load.length * Math.max(...load),
    "routing/dead-experts": load.filter((share) => share === 0).length,
  };
}
