/** Opens reports in a real browser without a network: what a reader sees, at the desk, at night and on a phone. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import * as assert from "uvu/assert";
import { writeReport } from "../../../core/analysis/report/write-report.ts";
import type { RunSummary } from "../../../core/run/run-summary.ts";
import type { FeatureRecord } from "../../../core/inspection/feature-record.ts";
import { writeFeatureIndex } from "../../../core/inspection/feature-file.ts";
import { suite } from "../../suite.ts";
import { exampleOf, featureRecord, infoOf } from "../inspection/feature-records.ts";
import { allPlots } from "./all-plots.ts";
import { failedRun, quickstartRuns } from "./fixtures.ts";

interface View {
  readonly width?: number;
  readonly colorScheme?: "light" | "dark";
}

interface Opened {
  readonly page: Page;
  /** Everything that went wrong: console errors, exceptions, requests to anywhere but the file. */
  readonly faults: string[];
}

const executablePath = findChromium();
const options =
  executablePath === undefined ? { skip: "no Chromium found; set CHROME_PATH to one" } : { timeoutMs: 60_000 };
let browser: Browser;
let folder = "";

function findChromium(): string | undefined {
  const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
  const onPath = (process.env["PATH"] ?? "").split(delimiter).flatMap((dir) => names.map((name) => join(dir, name)));
  const places = [
    process.env["CHROME_PATH"],
    ...names.map((name) => `/usr/bin/${name}`),
    ...onPath,
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  ];
  return places.find((place) => place !== undefined && place !== "" && existsSync(place));
}

async function open(runs: readonly RunSummary[], name: string, { width = 1280, colorScheme = "light" }: View = {}) {
  const file = join(folder, `${name}.html`);
  await writeReport({ runs, plots: await allPlots(), file, title: name });
  const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
  const faults: string[] = [];
  page.on("console", (message) => {
    if (["error", "warning"].includes(message.type())) faults.push(message.text());
  });
  page.on("pageerror", (error) => faults.push(error.message));
  await page.route(/.*/, async (route) => {
    const url = route.request().url();
    if (url === pathToFileURL(file).href) return route.continue();
    faults.push(`requested ${url}`);
    return route.abort();
  });
  await page.goto(pathToFileURL(file).href);
  await page.waitForSelector("html[data-drawn]", { state: "attached" });
  return { page, faults } satisfies Opened;
}

/** Text of a column of the table, from top to bottom. */
async function columnOf(page: Page, label: string): Promise<string[]> {
  const headers = await page.locator("#comparison thead th").allInnerTexts();
  const place = headers.findIndex((text) => text.startsWith(label));
  assert.ok(place >= 0, `no column ${label} in ${headers.join(", ")}`);
  return page.locator(`#comparison tbody tr > :nth-child(${place + 1})`).allInnerTexts();
}

async function overflowOf(page: Page): Promise<number> {
  return page.evaluate<number>("document.documentElement.scrollWidth - window.innerWidth");
}

/** Waits for the page to follow a change; the page's policy forbids playwright's own way, which evaluates text. */
async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (await isSo()) return;
    await setTimeout(50);
  }
  throw new Error("the page did not follow within 10 s");
}

suite("the report in a browser", (test, hooks) => {
  hooks.before(async () => {
    if (executablePath === undefined) return;
    folder = await mkdtemp(join(tmpdir(), "report-browser-"));
    // The sandbox of Chromium does not start for root, as which containers run tests.
    browser = await chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-gpu"] });
  });
  hooks.after(async () => {
    if (executablePath === undefined) return;
    await browser.close();
    await rm(folder, { recursive: true });
  });

  test(
    "draws every plot with its marks and asks for nothing",
    async () => {
      const { page, faults } = await open(quickstartRuns(), "light");
      const atLeast: Record<string, number> = {
        "plot-loss-curves": 5,
        "plot-mse-l0": 5,
        "plot-mse-flops": 6,
        "plot-mse-seconds": 6,
        "plot-expert-load": 30,
        "plot-duplication": 340,
      };
      assert.is(await page.locator("figure.plot").count(), Object.keys(atLeast).length);
      for (const [id, marks] of Object.entries(atLeast)) {
        const drawn = page.locator(`#${id} svg.marks .role-mark path, #${id} svg.marks .role-mark rect`);
        assert.ok((await drawn.count()) >= marks, `${id} has ${await drawn.count()} marks, expected ${marks}`);
        const box = await page.locator(`#${id} svg.marks`).boundingBox();
        assert.ok(box !== null && box.width > 200 && box.height > 100, `${id} is ${JSON.stringify(box)}`);
      }
      assert.equal(faults, []);
      await page.close();
    },
    options,
  );

  test(
    "sorts the table by a click on a header: up, down, and back",
    async () => {
      const { page, faults } = await open(quickstartRuns(), "sort");
      const original = await columnOf(page, "run");
      const step = page.locator("#comparison th button", { hasText: "step" });
      const numbers = async () => (await columnOf(page, "step")).map(Number);
      const ascending = [...(await numbers())].sort((a, b) => a - b);
      await step.click();
      assert.equal(await numbers(), ascending);
      assert.is(await page.locator("#comparison th[aria-sort='ascending']").count(), 1);
      await step.click();
      assert.equal(await numbers(), [...ascending].reverse());
      await step.click();
      assert.equal(await columnOf(page, "run"), original);
      await page.locator("#comparison th button", { hasText: "run" }).click();
      assert.equal(
        (await columnOf(page, "run")).map((name) => name.trim()),
        original.map((name) => name.trim()),
      );
      assert.equal(faults, []);
      await page.close();
    },
    options,
  );

  test(
    "keeps runs without a value at the end, whichever way it sorts",
    async () => {
      const { page } = await open([failedRun(), ...quickstartRuns()], "missing");
      const mse = page.locator("#comparison th button", { hasText: "mse" });
      for (const direction of ["ascending", "descending"]) {
        await mse.click();
        assert.is((await columnOf(page, "mse")).at(-1), "-", direction);
      }
      await page.close();
    },
    options,
  );

  test(
    "fits a phone of 400 pixels without scrolling the page sideways",
    async () => {
      const { page, faults } = await open(quickstartRuns([0, 1]), "narrow", { width: 400 });
      assert.is(await overflowOf(page), 0);
      for (const svg of await page.locator(".drawing svg.marks").all()) {
        const box = await svg.boundingBox();
        assert.ok(box !== null && box.x >= 0 && box.x + box.width <= 400, JSON.stringify(box));
      }
      await page.locator("details.run summary").first().click();
      assert.is(await overflowOf(page), 0, "nor with the details open");
      assert.equal(faults, []);
      await page.close();
    },
    options,
  );

  test(
    "follows the window: small multiples move to fewer columns",
    async () => {
      const { page } = await open(quickstartRuns(), "resize", { width: 1280 });
      // There is no drawing for the moment in which it is replaced.
      const height = async () => (await page.locator("#plot-expert-load svg.marks").boundingBox())?.height ?? 0;
      const wide = await height();
      await page.setViewportSize({ width: 480, height: 900 });
      await until(async () => (await height()) > 1.5 * wide);
      assert.is(await overflowOf(page), 0);
      await page.close();
    },
    options,
  );

  test(
    "follows the colour scheme of the system, also when it changes",
    async () => {
      const { page, faults } = await open(quickstartRuns(), "dark", { colorScheme: "dark" });
      const labelColour = async () =>
        page.locator("#plot-mse-l0 svg.marks .role-axis-label text").first().getAttribute("fill");
      const pageColour = async () => page.evaluate<string>("getComputedStyle(document.body).backgroundColor");
      const [darkLabel, darkPage] = [await labelColour(), await pageColour()];
      await page.emulateMedia({ colorScheme: "light" });
      await until(async () => (await labelColour()) !== darkLabel);
      assert.is.not(await pageColour(), darkPage);
      assert.equal(faults, []);
      await page.close();
    },
    options,
  );

  test(
    "opens the details of a run with the keyboard",
    async () => {
      const { page } = await open(quickstartRuns(), "keyboard");
      await page.locator("details.run summary").first().focus();
      await page.keyboard.press("Enter");
      assert.match(await page.locator("details.run pre").first().innerText(), "type: top-k");
      await page.close();
    },
    options,
  );

  test(
    "shows failed and empty sweeps without a fault",
    async () => {
      for (const [name, runs] of [
        ["failed", [failedRun()]],
        ["empty", []],
      ] as const) {
        const { page, faults } = await open(runs, name);
        assert.equal(faults, []);
        assert.is(await page.locator("h1").innerText(), name);
        assert.is(await page.locator("figure.plot").count(), 0);
        await page.close();
      }
    },
    options,
  );

  test(
    "runs no script that came in as a name",
    async () => {
      const evil = "</script><script>window.evil = true</script><img src=x onerror='window.evil = true'>";
      const runs = quickstartRuns().map((run) => ({ ...run, name: `${run.name}${evil}` }));
      const { page, faults } = await open(runs, "evil");
      assert.is(await page.evaluate("window.evil"), undefined);
      assert.equal(faults, []);
      assert.match(await page.locator("#comparison tbody th").first().innerText(), "<script>");
      await page.close();
    },
    options,
  );

  test(
    "shows features a page at a time, searched, ordered and by expert, with texts as texts",
    async () => {
      const [run] = quickstartRuns();
      const runFolder = await mkdtemp(join(folder, "run-"));
      const records = Array.from({ length: 24 }, (_unused, i) => {
        const examples = [exampleOf([" a", i === 7 ? "[[ <img src=x onerror=alert(1)>]]" : `[[ word${i}]]`])];
        return featureRecord(i, { density: 0.5 - i / 100, examples });
      });
      await writeFeatureIndex(runFolder, {
        info: infoOf({ features: 24, experts: 6, silent: 0 }),
        async *records(): AsyncGenerator<FeatureRecord> {
          for (const record of records) yield await Promise.resolve(record);
        },
      });
      const { page, faults } = await open([{ ...run!, folder: runFolder }], "features");
      const numbers = async (): Promise<readonly string[]> =>
        (await page.locator("article.feature h3").allInnerTexts()).map((text) => /feature (\d+)/.exec(text)?.[1] ?? "");
      assert.equal(await numbers(), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
      assert.is(await page.locator("article.feature img").count(), 0);
      assert.is(await page.locator("#features-page").innerText(), "page 1 of 3");
      await page.locator("#features-next").click();
      await page.locator("#features-next").click();
      assert.equal(await numbers(), ["20", "21", "22", "23"]);
      assert.ok(await page.locator("#features-next").isDisabled());
      await page.locator("#features-expert").selectOption("1");
      assert.equal(await numbers(), ["4", "5", "6", "7"]);
      await page.locator("#features-expert").selectOption("");
      await page.locator("#features-search").fill("WORD13");
      assert.equal(await numbers(), ["13"]);
      assert.match(await page.locator("#features-count").innerText(), /^1 of 24 sampled/);
      assert.equal(await page.locator(".token.at").allInnerTexts(), [" word13"]);
      assert.is(await overflowOf(page), 0);
      assert.equal(faults, []);
      await page.close();
    },
    options,
  );
});
