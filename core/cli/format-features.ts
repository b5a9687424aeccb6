/** Features as text for a terminal: a table of many, or everything of one. */
import type { Example, FeatureIndexInfo, FeatureRecord, Neighbour, TokenEffect } from "../inspection/feature-record.ts";
import { nearestCosine } from "../inspection/query-features.ts";
import type { FeatureQuery, QueryAnswer } from "../inspection/query-features.ts";
import { textTable } from "./text-table.ts";

/** One line a feature. */
export function formatFeatures(answer: QueryAnswer, info: FeatureIndexInfo, query: FeatureQuery): string {
  const rows = answer.features.map((feature) => [
    String(feature.feature),
    String(feature.expert),
    feature.density.toPrecision(3),
    feature.mean.toPrecision(3),
    feature.max.toPrecision(3),
    Number.isFinite(nearestCosine(feature)) ? nearestCosine(feature).toFixed(2) : "",
    firesOn(feature).map(shownToken).join(" "),
    (feature.promoted ?? [])
      .slice(0, 3)
      .map(({ token }) => shownToken(token))
      .join(" "),
  ]);
  const heading = ["FEATURE", "EXPERT", "DENSITY", "MEAN", "MAX", "COSINE", "FIRES ON", "PROMOTES"];
  const count =
    `${info.features} features of ${info.experts} expert${info.experts === 1 ? "" : "s"} on ${info.rows} held-out rows ` +
    `after step ${info.step}, ${info.silent} never active; ${answer.features.length} of ${answer.numFound} shown, ` +
    `${query.ascending ? "smallest" : "largest"} ${query.order} first`;
  return answer.features.length === 0 ? `${count}\n` : `${textTable(heading, rows)}\n${count}\n`;
}

/** Everything that is known of one. */
export function formatFeature(feature: FeatureRecord): string {
  const { density, rows, mean, max, examples } = feature;
  const facts: readonly (readonly [string, string])[] = [
    ["active", `on ${(100 * density).toPrecision(3)} % of the rows (${rows}), mean ${mean}, largest ${max}`],
    ["same expert", neighbours(feature.sameExpert)],
    ["other experts", neighbours(feature.otherExpert)],
    ["promotes", effects(feature.promoted)],
    ["suppresses", effects(feature.suppressed)],
  ];
  const lines = facts.filter(([, text]) => text !== "").map(([name, text]) => `  ${name.padEnd(15)}${text}`);
  return [
    `feature ${feature.feature} of expert ${feature.expert}`,
    ...lines,
    ...(examples.length === 0 ? [] : ["", ...examples.map(exampleLine)]),
    "",
  ].join("\n");
}

/** Different tokens that it fires on most, strongest first. */
export function firesOn({ examples }: FeatureRecord, count = 3): readonly string[] {
  return [...new Set(examples.map(({ tokens, at }) => tokens?.[at ?? -1]))]
    .filter((token) => token !== undefined)
    .slice(0, count);
}

/** In quotes, so that a space and a line break show. */
export function shownToken(token: string): string {
  return JSON.stringify(token);
}

function neighbours(list: readonly Neighbour[]): string {
  return list.map(({ feature, expert, cosine }) => `${feature} (expert ${expert}) ${cosine.toFixed(3)}`).join(", ");
}

function effects(list: readonly TokenEffect[] | undefined): string {
  return (list ?? []).map(({ token, logit }) => `${shownToken(token)} ${logit.toPrecision(3)}`).join(", ");
}

function exampleLine({ row, activation, context, position, tokens, at }: Example): string {
  const strength = activation.toPrecision(4).padStart(8);
  if (tokens === undefined || at === undefined) return `${strength}  row ${row}`;
  const shown = tokens.map((token, i) => (i === at ? `[[${token}]]` : token)).join("");
  // Line breaks of the text would tear the line.
  return `${strength}  ${shown.replaceAll(/\s*\n\s*/g, " / ")}  (context ${context}, position ${position})`;
}
