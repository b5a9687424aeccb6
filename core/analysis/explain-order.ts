/**
 * Whether the runs show what the paper found at equal width: the dense SAE reconstructs best, and each further
 * split into experts costs a little. Where they do not, the numbers and the likely reasons, in plain sentences.
 *
 * @see Mudide et al. 2024 (arXiv 2410.08201), section 4.1 (width-matched comparison)
 */
import type { RunSummary } from "../run/run-summary.ts";
import { formatNumber } from "./format-numbers.ts";
import { spreadOf } from "./replicates.ts";
import type { Spread } from "./replicates.ts";

interface Member {
  readonly experts: number;
  readonly runs: readonly RunSummary[];
  readonly mse: Spread;
}

/** SAEs alike in everything but the number of experts, by ascending number. */
type Family = readonly Member[];

/** 1039.0 against 1027.2 for one setting in the authors' own results. */
const authorsNoise = 0.011;
const authorsRows = 819.2e6;
const mseName = "reconstruction/mse";

/** One sentence or two for each group of comparable runs; one that says so when there is none. */
export function explainOrder(runs: readonly RunSummary[]): string {
  const families = comparableFamilies(runs);
  if (families.length === 0) {
    return (
      "No finished runs of equal width differ in nothing but their number of experts, so the paper's order " +
      "(dense best, more experts slightly worse) cannot be checked here."
    );
  }
  return families.map(explainFamily).join(" ");
}

function comparableFamilies(runs: readonly RunSummary[]): readonly Family[] {
  const candidates = runs.filter(
    (run) => run.state === "done" && run.shape.selectedExperts === 1 && run.metrics[mseName] !== undefined,
  );
  return [...groupByKey(candidates, familyKey).values()].flatMap(familiesOf).filter((family) => family.length > 1);
}

/** One family for each sort of router, each with the dense runs in it. */
function familiesOf(alike: readonly RunSummary[]): readonly Family[] {
  const dense = alike.filter((run) => run.shape.experts === 1);
  const routed = groupByKey(
    alike.filter((run) => run.shape.experts > 1),
    routerKey,
  );
  return [...routed.values()].map((split) =>
    [...groupByKey([...dense, ...split], (run) => String(run.shape.experts)).values()]
      .map(memberOf)
      .filter((member) => member !== undefined)
      .sort((a, b) => a.experts - b.experts),
  );
}

function memberOf(runs: readonly RunSummary[]): Member | undefined {
  const mse = spreadOf(runs, mseName);
  const [first] = runs;
  return mse === undefined || first === undefined ? undefined : { experts: first.shape.experts, runs, mse };
}

/** Everything of a config that determines the result, but for the router and the seed. */
function familyKey({ config, shape }: RunSummary): string {
  const model = { ...config.model, router: undefined };
  return JSON.stringify([config.source, shape.width, model, config.losses, config.training, config.evaluation.rows]);
}

function routerKey({ config }: RunSummary): string {
  return JSON.stringify({ ...config.model.router, experts: undefined });
}

function groupByKey<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function explainFamily(family: Family): string {
  const [first] = family;
  if (first === undefined) return "";
  const where = `At ${first.runs[0]?.shape.features ?? 0} features${settingOf(first)}`;
  const breaks = family.flatMap((member, i) => {
    const previous = family[i - 1];
    return previous !== undefined && member.mse.mean < previous.mse.mean ? [{ previous, member }] : [];
  });
  if (breaks.length === 0) return `${where} the paper's order holds: ${listOf(family)}.`;
  const worst = breaks.reduce((a, b) => (gainOf(b) > gainOf(a) ? b : a));
  const pairs = breaks.map(
    (pair) =>
      `${nameOf(pair.member)} (MSE ${mseText(pair.member.mse.mean)}) reconstructs ${percent(gainOf(pair))} better ` +
      `than ${nameOf(pair.previous)} (${mseText(pair.previous.mse.mean)})`,
  );
  return (
    `${where} the paper's order (dense best, more experts slightly worse) does not hold throughout: ` +
    `${pairs.join("; ")}. ${reasonsFor(worst.previous, worst.member)}`
  );
}

function settingOf(member: Member): string {
  const k = member.runs[0]?.config.model.expert["k"];
  return typeof k === "number" ? ` and k = ${k}` : "";
}

function listOf(family: Family): string {
  const [first, ...others] = family;
  if (first === undefined) return "";
  const rest = others.map((member) => {
    const change = member.mse.mean / first.mse.mean - 1;
    return `${mseText(member.mse.mean)} with ${member.experts} experts (+${percent(change)})`;
  });
  const start = `${nameOf(first)} has the lowest MSE, ${mseText(first.mse.mean)}`;
  return `${start}, and it grows with the number of experts: ${rest.join(", ")}`;
}

function nameOf(member: Member): string {
  return member.experts === 1 ? "the dense SAE" : `the SAE of ${member.experts} experts`;
}

function gainOf({ previous, member }: { readonly previous: Member; readonly member: Member }): number {
  return 1 - member.mse.mean / previous.mse.mean;
}

/** What in the runs themselves may explain that `better` beats `expected`, which the paper has in front. */
function reasonsFor(expected: Member, better: Member): string {
  const reasons: string[] = [];
  const gain = gainOf({ previous: expected, member: better });
  const deviation = Math.max(expected.mse.deviation ?? 0, better.mse.deviation ?? 0);
  if (deviation > 0 && expected.mse.mean - better.mse.mean < 2 * deviation) {
    reasons.push(`the difference is within two standard deviations over the seeds (${formatNumber(deviation)})`);
  } else if (gain < authorsNoise) {
    reasons.push(`the difference is below the ${percent(authorsNoise)} by which the authors' own repeats differ`);
  }
  const dead = [expected, better].map((member) => spreadOf(member.runs, "sparsity/dead-fraction")?.mean);
  const [deadExpected, deadBetter] = dead;
  if (deadExpected !== undefined && deadBetter !== undefined && deadExpected - deadBetter > 0.03) {
    reasons.push(
      `${nameOf(expected)} has more dead features (${percent(deadExpected)} against ${percent(deadBetter)})`,
    );
  }
  const load = spreadOf(expected.runs, "routing/max-load")?.mean;
  if (load !== undefined && load > 2 && expected.experts > 1) {
    reasons.push(
      `the router of ${nameOf(expected)} is unbalanced (busiest expert at ${formatNumber(load)} times its share)`,
    );
  }
  const training = expected.runs[0]?.config.training;
  const rows = training === undefined ? authorsRows : training.steps * training.batchSize;
  if (rows < authorsRows / 20) {
    reasons.push(
      `training is short (${formatNumber(rows)} activations; the paper used ${formatNumber(authorsRows)}), and smaller ` +
        "experts settle sooner",
    );
  }
  if (expected.runs.length === 1 && better.runs.length === 1) reasons.push("there is one seed of each");
  return reasons.length === 0 ? "Nothing in the runs explains it." : `Likely reasons: ${reasons.join("; ")}.`;
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

function mseText(mean: number): string {
  return mean >= 1e-3 && mean < 1e4 ? mean.toPrecision(4) : formatNumber(mean);
}
