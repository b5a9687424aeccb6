/** `switchyard features`: what the features of a run respond to and say; looks at them first where nobody has. */
import { SwitchyardError } from "../../errors/switchyard-error.ts";
import { readFeatures } from "../../inspection/feature-file.ts";
import type { FeatureSettings } from "../../inspection/feature-record.ts";
import { featureOrders, queryFeatures } from "../../inspection/query-features.ts";
import type { FeatureOrder, FeatureQuery } from "../../inspection/query-features.ts";
import { countOf, oneOf, wholeOf } from "../command.ts";
import type { Command, Words } from "../command.ts";
import { formatFeature, formatFeatures } from "../format-features.ts";
import { indexOf, namedRun, openOnce } from "../open-named-run.ts";

const orders = Object.keys(featureOrders) as readonly FeatureOrder[];

export const features: Command = {
  name: "features",
  summary: "Show what a run's features respond to, promote, and resemble.",
  usage:
    "switchyard features <run folder> [--feature <n>] [--expert <n>] [--search <text>] [--top <order>] [--limit <n>] [--json]",
  description:
    "The first call looks at every feature on the held-out rows and writes features.jsonl into the run's folder;\n" +
    "later ones read it, unless the checkpoint or one of rows, examples, radius, no-fold has changed.",
  flags: {
    feature: { type: "string", value: "<n>", help: "One feature with all its examples." },
    expert: { type: "string", value: "<n>", help: "Only features of this expert." },
    search: { type: "string", value: "<text>", help: "Only features with this text around an example or promoted." },
    top: { type: "string", value: "<order>", help: `Largest first: ${orders.join(", ")}; default density.` },
    ascending: { type: "boolean", help: "Smallest first." },
    silent: { type: "boolean", help: "Features that are never active, too." },
    limit: { type: "string", value: "<n>", help: "How many; default 20." },
    json: { type: "boolean", help: "Print a JSON array of the lines of features.jsonl." },
    rows: { type: "string", value: "<n>", help: "Held-out rows to look at; default all." },
    examples: { type: "string", value: "<n>", help: "Examples of a feature; default 8." },
    radius: { type: "string", value: "<n>", help: "Tokens to either side of an example's; default 10." },
    "no-fold": { type: "boolean", help: "Leave the final layer norm's gain out of the logit effects." },
    rebuild: { type: "boolean", help: "Look again." },
  },
  examples: [
    "switchyard features runs/quickstart/router=none-cb20c353 --top max",
    "switchyard features runs/quickstart/router=none-cb20c353 --feature 17",
    'switchyard features runs/quickstart/router=none-cb20c353 --expert 3 --search " monster" --json',
  ],
  positionals: [1, 1],
  run: async (words, io) => {
    const folder = namedRun(io, words.positionals[0] ?? "");
    const query = queryOf(words);
    const run = openOnce(io, folder);
    try {
      const settings = settingsOf(words);
      const info = await indexOf(io, folder, run, { settings, rebuild: words.has("rebuild") });
      within("feature", query.feature, info.features);
      within("expert", query.expert, info.experts);
      const answer = await queryFeatures(readFeatures(folder), query);
      const [only] = answer.features;
      if (words.has("json")) io.out(`${JSON.stringify(answer.features, undefined, 2)}\n`);
      else if (query.feature !== undefined && only !== undefined) io.out(formatFeature(only));
      else io.out(formatFeatures(answer, info, query));
      return 0;
    } finally {
      await run.dispose();
    }
  },
};

function queryOf(words: Words): FeatureQuery {
  return {
    feature: wholeOf(words, "feature"),
    expert: wholeOf(words, "expert"),
    search: words.get("search"),
    order: oneOf(words, "top", orders) ?? "density",
    ascending: words.has("ascending"),
    withSilent: words.has("silent"),
    limit: countOf(words, "limit") ?? 20,
  };
}

/** What was asked for; the rest may be as it was when the features were last looked at. */
function settingsOf(words: Words): Partial<FeatureSettings> {
  const [rows, examples, radius] = [countOf(words, "rows"), countOf(words, "examples"), wholeOf(words, "radius")];
  return {
    ...(rows === undefined ? {} : { rows }),
    ...(examples === undefined ? {} : { examples }),
    ...(radius === undefined ? {} : { radius }),
    ...(words.has("no-fold") ? { foldNorm: false } : {}),
  };
}

/** @throws SwitchyardError FLAG_VALUE */
export function within(flag: string, value: number | undefined, count: number): void {
  if (value === undefined || value < count) return;
  throw new SwitchyardError("FLAG_VALUE", `The run has no ${flag} ${value}.`, {
    expected: `--${flag} from 0 to ${count - 1}`,
    received: String(value),
  });
}
