/** The guide to configs (docs/config.md) says what is true: its examples are run here. */
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import { formatDiagnostics } from "../../../core/config/format-diagnostics.ts";
import { slots } from "../../../core/config/slots.ts";
import { suite } from "../../suite.ts";
import { compose, diagnosticsOf, plan, smallest } from "./fixtures.ts";

const guide = readFileSync(fileURLToPath(new URL("../../../docs/config.md", import.meta.url)), "utf8");

function blocks(language: string): readonly string[] {
  return [...guide.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, "gms"))].map((match) => match[1] ?? "");
}

/** The guide's source is a language model; the fixtures have numbers instead. */
const withFixtures = (text: string): string =>
  text.replace(/source: \{ type: gpt2.*\}/, "source: numbers").replace(/^extends: base.yaml.*$/m, "extends: base.yaml");

suite("the guide to configs", (test) => {
  test("has examples, and each composes", async () => {
    const examples = blocks("yaml");
    assert.is(examples.length, 7);
    for (const example of examples) await compose(withFixtures(example), { files: { "base.yaml": smallest } });
  });

  test("its first example plans nine runs", async () => {
    const { runs } = await plan(withFixtures(blocks("yaml")[0]!));
    assert.is(runs.length, 9);
    assert.is(runs[0]!.config.training.optimizer["learningRate"], 2e-4 / Math.sqrt(2048 / 16384));
  });

  test("its sweep runs over the smallest config", async () => {
    const sweep = blocks("yaml").find((example) => example.startsWith("sweep:") && example.includes("exclude"))!;
    const { runs } = await plan(smallest + sweep);
    // (3 routers * 5 rates * 2 zipped - 5 excluded + 1 included) * 3 seeds
    assert.is(runs.length, (3 * 5 * 2 - 5 + 1) * 3);
  });

  test("its sweep over devices plans a run for each of its features", async () => {
    const sweep = blocks("yaml").find((example) => example.startsWith("sweep:") && example.includes("webgpu"))!;
    // The fixtures know two devices.
    const { runs } = await plan(smallest + sweep.replaceAll("native", "cpu").replaceAll("webgpu", "auto"));
    assert.equal(
      runs.map(({ config }) => config.device.type),
      ["cpu", "cpu", "auto", "auto"],
    );
  });

  test("the message that it shows is the message that comes", async () => {
    const text = `name: study\nseed: 0\nsource: numbers\nmodel:\n  features: 256\n  router: { type: switch, experts: 8 }\n  expert: { type: top-k, k: 64 }\n`;
    const shown = blocks("text")[0]!.trimEnd();
    assert.ok(formatDiagnostics(await diagnosticsOf(plan(text))).startsWith(shown));
  });

  test("its table lists every slot", () => {
    for (const { path } of slots) assert.ok(guide.includes(`| \`${path.join(".")}\``), path.join("."));
  });
});
