/** Steering and its study as text for a terminal. */
import type { SteerResult, TokenChange } from "../inspection/steer.ts";
import type { StudyRow } from "../inspection/study-steering.ts";
import { shownToken } from "./format-features.ts";
import { textTable } from "./text-table.ts";

export interface SteeringSetting {
  readonly feature: number;
  readonly scale: number;
  readonly units: "max" | "activation";
  readonly positions: "all" | "last";
}

export function formatSteering(setting: SteeringSetting, result: SteerResult): string {
  const { feature, scale, units, positions } = setting;
  const amount = units === "max" ? ` (${scale} times its largest activation)` : "";
  const where = positions === "last" ? "the last position" : `${result.steered.length} positions`;
  const tokens = result.promptTokens;
  const continued = result.continuations;
  return [
    `feature ${feature} added with ${result.strength.toPrecision(4)}${amount} at ${where} of ${tokens.length} tokens`,
    `KL(before || after) of the next token: ${result.kl.toPrecision(4)} nats`,
    "",
    sideBySide(result),
    "",
    `logits up    ${logitList(result.risen)}`,
    `logits down  ${logitList(result.fallen)}`,
    ...(continued === undefined
      ? []
      : ["", `without  ${shownToken(continued.before)}`, `with     ${shownToken(continued.after)}`]),
    "",
  ].join("\n");
}

function sideBySide({ before, after }: SteerResult): string {
  const rows = before.map((left, i) => {
    const right = after[i];
    const ofRight =
      right === undefined ? ["", "", ""] : [shownToken(right.token), percent(right.before), percent(right.after)];
    return [shownToken(left.token), percent(left.before), percent(left.after), ...ofRight];
  });
  return textTable(["LIKELY BEFORE", "BEFORE", "AFTER", "LIKELY AFTER", "BEFORE", "AFTER"], rows).trimEnd();
}

function logitList(changes: readonly TokenChange[]): string {
  return changes.map(({ token, logitChange }) => `${shownToken(token)} ${signed(logitChange)}`).join(", ");
}

export interface Study {
  readonly feature: number;
  readonly strength: number;
  readonly positions: "all" | "last";
  readonly contexts: number;
  readonly rows: readonly StudyRow[];
}

export function formatStudy({ strength, positions, contexts, rows }: Study): string {
  const heading = ["FEATURE", "RELATION", "COSINE", "KL", "PROMOTED", "PREDICTED", "PREDICTION r", "EFFECT r"];
  const cells = rows.map((row) => [
    String(row.feature),
    row.relation,
    row.cosine.toFixed(3),
    row.kl.toPrecision(4),
    signed(row.promotedChange),
    signed(row.predictedChange),
    row.predictionCorrelation.toFixed(3),
    row.effectCorrelation.toFixed(3),
  ]);
  return (
    textTable(heading, cells) +
    `\nEach feature was added with ${strength.toPrecision(4)} at ${positions === "last" ? "the last position" : "all positions"} of ` +
    `${contexts} held-out contexts; means over their next tokens.\n` +
    "PROMOTED is the logit change of the feature's own promoted tokens, PREDICTED what its direct logit effect says.\n" +
    "PREDICTION r correlates all logit changes with that prediction, EFFECT r with those of the first feature.\n"
  );
}

function percent(probability: number): string {
  return `${(100 * probability).toPrecision(3)} %`;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toPrecision(3)}`;
}
