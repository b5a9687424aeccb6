import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { Plot } from "../../../../core/analysis/contracts.ts";
import { factsOf } from "../../../../core/analysis/report/overview-section.ts";
import { writeReport } from "../../../../core/analysis/report/write-report.ts";
import { SwitchyardError } from "../../../../core/errors/switchyard-error.ts";
import type { RunSummary } from "../../../../core/run/run-summary.ts";
import { suite } from "../../../suite.ts";
import { allPlots } from "../all-plots.ts";
import { failedRun, makeRun, quickstartRuns } from "../fixtures.ts";

const createdAt = new Date("2026-01-02T03:04:05Z");
let folder = "";

async function reportOf(runs: readonly RunSummary[], name = "report", title = "quickstart"): Promise<string> {
  const file = join(folder, "deep", `${name}.html`);
  await writeReport({ runs, plots: await allPlots(), file, title, createdAt });
  return readFile(file, "utf8");
}

/** The page without its scripts: what the runs put into it. */
function markupOf(html: string): string {
  return html.replaceAll(/<script>[^]*?<\/script>/g, "");
}

suite("writeReport", (test, hooks) => {
  hooks.before(async () => {
    folder = await mkdtemp(join(tmpdir(), "report-"));
  });
  hooks.after(() => rm(folder, { recursive: true }));

  test("writes one file that names every run, its numbers and the paper's order", async () => {
    const html = await reportOf(quickstartRuns());
    for (const run of quickstartRuns()) assert.match(html, `<span>${run.name}</span>`);
    assert.match(html, `data-value="${quickstartRuns()[0]!.metrics["reconstruction/mse"]!}"`);
    assert.match(html, "the paper&#39;s order holds: the dense SAE");
    assert.match(html, "16&times; fewer than router=none");
    assert.match(html, "top-k k=16");
  });

  test("writes the same bytes for the same runs", async () => {
    const runs = quickstartRuns();
    assert.ok((await reportOf(runs, "a")) === (await reportOf(runs, "b")), "the files are equal");
  });

  test("leaves no temporary file", async () => {
    await reportOf(quickstartRuns(), "only");
    const files = await readdir(join(folder, "deep"));
    assert.equal(
      files.filter((file) => !file.endsWith(".html")),
      [],
    );
  });

  test("asks for nothing outside of itself", async () => {
    const html = await reportOf(quickstartRuns());
    assert.match(html, "default-src 'none'");
    assert.not.match(html, "unsafe-eval");
    assert.not.match(markupOf(html), /(src|href)\s*=\s*"(?!data:)/);
    assert.not.match(html, "sourceMappingURL");
  });

  test("carries the plotting library with its licence", async () => {
    const html = await reportOf(quickstartRuns());
    assert.match(html, /vega 5\.\d+\.\d+, vega-lite 5\.\d+\.\d+, vega-embed 6\.\d+\.\d+/);
    assert.match(html, "University of Washington Interactive Data Lab");
    assert.match(html, "Redistributions in binary form must reproduce the above copyright notice");
    assert.is(html.match(/<script/g)!.length, html.match(/<\/script>/g)!.length);
  });

  test("treats names, errors and configs as text", async () => {
    const evil = "</script><img src=x onerror=alert(1)>";
    const failure = { code: "EVIL", message: evil };
    const runs = [makeRun({ name: evil, axes: { [evil]: 1 } }), failedRun({ name: `b${evil}`, failure })];
    const html = await reportOf(runs, "evil", evil);
    assert.not.match(markupOf(html), "<img");
    assert.match(html, "&lt;img src=x onerror=alert(1)&gt;");
  });

  test("lists failed runs with their reason, and shows what there is of a failed sweep", async () => {
    const html = await reportOf([failedRun(), makeRun({ state: "pending" })], "failed");
    assert.match(html, "The loss became NaN at step 120. [LOSS_NOT_FINITE]");
    assert.match(html, "1 failed, 1 pending");
    assert.match(html, "cannot be checked here");
    assert.not.match(markupOf(html), "<figure");
  });

  test("says of an empty sweep what to do", async () => {
    const html = await reportOf([], "empty");
    assert.match(html, "This sweep has no runs yet.");
    assert.not.match(markupOf(html), "<table");
  });

  test("shows replicates in one row with their spread, and every run in the details", async () => {
    const html = await reportOf(quickstartRuns([0, 1, 2]), "seeds");
    assert.is(html.match(/<tr><th scope="row" data-value/g)!.length, 5);
    assert.is(html.match(/<details class="run"/g)!.length, 15);
    assert.match(html, "3 seeds");
    assert.match(html, "&plusmn; 0.0");
  });

  test("shows the resolved config as YAML and the provenance that a run wrote", async () => {
    const runFolder = join(folder, "run");
    await mkdir(runFolder);
    await writeFile(join(runFolder, "provenance.json"), JSON.stringify({ git: { revision: "abc123", dirty: false } }));
    const html = await reportOf([makeRun({ folder: runFolder })], "provenance");
    assert.match(html, "expert:\n    type: top-k\n    k: 16");
    assert.match(html, "git:\n  revision: abc123\n  dirty: false");
  });

  test("shows damaged provenance as it is", async () => {
    const runFolder = join(folder, "damaged");
    await mkdir(runFolder);
    await writeFile(join(runFolder, "provenance.json"), '{"git": ');
    assert.match(await reportOf([makeRun({ folder: runFolder })], "damaged"), "{&quot;git&quot;: </pre>");
  });

  test("names the plot that throws, and writes nothing", async () => {
    const cause = new Error("no data");
    const broken: Plot = {
      title: "t",
      caption: "c",
      spec: () => {
        throw cause;
      },
    };
    const file = join(folder, "never.html");
    try {
      await writeReport({ runs: quickstartRuns(), plots: [["mine", broken]], file, title: "t" });
      assert.unreachable();
    } catch (error) {
      assert.instance(error, SwitchyardError);
      assert.is((error as SwitchyardError).code, "PLOT_FAILED");
      assert.is((error as SwitchyardError).where, "plot/mine");
      assert.is((error as SwitchyardError).cause, cause);
    }
    assert.not.ok((await readdir(folder)).includes("never.html"));
  });
});

suite("factsOf", (test) => {
  test("says what the runs share and how they range", () => {
    const facts = new Map(factsOf(quickstartRuns()).map(({ name, value }) => [name, value]));
    assert.is(facts.get("runs"), "5 done");
    assert.is(facts.get("source"), "gpt2 (tiny-gpt2)");
    assert.is(facts.get("experts E"), "1 to 16");
    assert.is(facts.get("features F"), "2048");
    assert.is(facts.get("training"), "600 steps, 614 k activations");
  });

  test("says nothing of no runs", () => {
    assert.equal(factsOf([]), []);
  });
});
