/** What several signatures read of a run: metrics with the evaluator they need, k, the losses, config values. */
import type { RunSummary } from "../../run/run-summary.ts";
import type { Change, Look } from "./contracts.ts";
import { unknown } from "./contracts.ts";

/** The metric, or what to say of its absence. */
export function metricOf(run: RunSummary, metric: string): number | Look {
  const value = run.metrics[metric];
  if (value !== undefined) return value;
  const evaluator = metric.split("/")[0] ?? metric;
  const isEvaluated = Object.keys(run.metrics).length > 0;
  return unknown(
    isEvaluated
      ? `the metric ${metric}: add ${evaluator} to evaluation.evaluators and run again`
      : `an evaluation: the run is ${run.state}`,
  );
}

/** k of the expert's options, where it has one. */
export function kOf({ config }: RunSummary): number | undefined {
  const k = config.model.expert["k"];
  return typeof k === "number" ? k : undefined;
}

/** Experts that always see a row, and are not the router's to choose. */
export function sharedExpertsOf({ shape }: RunSummary): number {
  // Folders of before there were shared experts do not say.
  const shared: unknown = Reflect.get(shape, "sharedExperts");
  return typeof shared === "number" ? shared : 0;
}

export function learningRateOf({ config }: RunSummary): number | undefined {
  const rate = config.training.optimizer["learningRate"];
  return typeof rate === "number" ? rate : undefined;
}

/** Divides the learning rate, where the optimizer has one. */
export function slower(run: RunSummary, divisor: number, why: string): readonly Change[] {
  const rate = learningRateOf(run);
  if (rate === undefined) return [];
  const to = Number((rate / divisor).toPrecision(3));
  return [{ key: "training.optimizer.learningRate", from: rate, to, why }];
}

/** Half the experts, down to 2. */
export function fewerExperts(run: RunSummary, why: string): readonly Change[] {
  const experts = run.config.model.router["experts"];
  if (typeof experts !== "number" || experts < 4) return [];
  const half = Array.from({ length: Math.floor(experts / 2) - 1 }, (_unused, i) => Math.floor(experts / 2) - i).find(
    (count) => run.shape.features % count === 0,
  );
  return half === undefined ? [] : [{ key: "model.router.experts", from: experts, to: half, why }];
}

/** Weight of the loss of this type; `undefined` when the run has none. */
export function lossWeightOf({ config }: RunSummary, type: string): number | undefined {
  const loss = config.losses.find((choice) => choice.type === type);
  const weight = loss?.["weight"];
  return typeof weight === "number" ? weight : undefined;
}

export function percent(share: number): string {
  return `${(100 * share).toPrecision(3)} %`;
}
