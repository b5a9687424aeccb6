import { readdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { command, makeProject } from "./project.ts";

interface Diagnosed {
  readonly run: { readonly name: string; readonly state: string };
  readonly findings: readonly {
    readonly signature: string;
    readonly severity: string;
    readonly numbers: Readonly<Record<string, number>>;
    readonly changes: readonly { readonly key: string; readonly to: unknown }[];
  }[];
  readonly unknown: readonly { readonly signature: string; readonly missing: string }[];
}

/** Clustered rows, so that a router has something to tell apart, and few features, so that training is quick. */
const source =
  "{ type: synthetic, width: 16, features: 64, clusters: 8, clusterCosine: 0.5, activeFeatures: 4, rows: 4096, heldOutRows: 2048 }";

const collapsingYaml = `name: collapsing
source: ${source}
device: cpu
model:
  features: 64
  router: { type: switch, experts: 8, gate: heaviside }
  expert: { type: top-k, k: 4 }
losses: [reconstruction, { type: load-balance, weight: 0 }]
training: { steps: 100, batchSize: 64, shuffleRows: 1024, logEvery: 2, optimizer: { type: adam, learningRate: 0.003 } }
evaluation: { rows: 2048, evaluators: [reconstruction, sparsity, routing, duplication, cost] }
`;

const healthyYaml = collapsingYaml
  .replace("name: collapsing", "name: healthy")
  .replace("gate: heaviside", "gate: softmax")
  .replace("weight: 0", "weight: 3");

const explodingYaml = collapsingYaml
  .replace("name: collapsing", "name: exploding")
  .replace("learningRate: 0.003", "learningRate: 30");

async function train(project: string, config: string): Promise<void> {
  const { code, err } = await command(project, ["run", config, "executor=in-process", "--quiet"]);
  assert.is(code, 0, err);
}

async function diagnose(project: string, sweep: string): Promise<Diagnosed> {
  const { code, out, err } = await command(project, ["diagnose", `runs/${sweep}`, "--json"]);
  assert.is(code, 0, err);
  const [diagnosed] = JSON.parse(out) as Diagnosed[];
  return diagnosed!;
}

suite("diagnose", (test, hooks) => {
  let project = "";
  hooks.before(async () => {
    project = makeProject({
      "collapsing.yaml": collapsingYaml,
      "healthy.yaml": healthyYaml,
      "exploding.yaml": explodingYaml,
    });
    for (const config of ["collapsing.yaml", "healthy.yaml", "exploding.yaml"]) await train(project, config);
  });

  test("names the collapse of a router that nothing balances, and what to change", async () => {
    const { findings } = await diagnose(project, "collapsing");
    const routing = findings.find(({ signature }) => /^(collapsed|uneven)-routing$/.test(signature));
    assert.ok(routing !== undefined, JSON.stringify(findings.map(({ signature }) => signature)));
    assert.ok(routing.numbers["balance"]! < 0.8);
    const changes = Object.fromEntries(routing.changes.map(({ key, to }) => [key, to]));
    assert.equal([changes["losses.load-balance.weight"], changes["model.router.gate"]], [3, "softmax"]);
  });

  test("finds nothing of the kind after that change", async () => {
    const { findings, run } = await diagnose(project, "healthy");
    assert.is(run.state, "done");
    const names = findings.map(({ signature }) => signature);
    for (const name of ["collapsed-routing", "uneven-routing", "dead-experts", "diverged-loss"]) {
      assert.not.ok(names.includes(name), names.join());
    }
  });

  test("names a learning rate that is far too large by what it does", async () => {
    const { findings } = await diagnose(project, "exploding");
    const names = findings.map(({ signature }) => signature);
    assert.ok(names.includes("diverged-loss"), names.join());
    const diverged = findings.find(({ signature }) => signature === "diverged-loss")!;
    assert.is(diverged.changes.find(({ key }) => key === "training.optimizer.learningRate")?.to, 7.5);
  });

  test("exits with 0 unless asked to be strict", async () => {
    const words = ["diagnose", "runs/exploding"];
    const plain = await command(project, words);
    assert.is(plain.code, 0);
    assert.match(plain.out, /diverged-loss: The loss ends .*\n +numbers +rise .*\n +thresholds +most-rise 0\.05/);
    assert.match(plain.out, /change +training\.optimizer\.learningRate: 30 -> 7\.5/);
    assert.is((await command(project, [...words, "--strict"])).code, 1);
  });

  test("takes a single run, and says what it cannot look at", async () => {
    const tiny = await command(project, ["run", "tiny.yaml", "executor=in-process", "--quiet"]);
    assert.is(tiny.code, 0, tiny.err);
    const [first] = JSON.parse((await command(project, ["diagnose", "runs/tiny", "--json"])).out) as Diagnosed[];
    const missing = new Map(first!.unknown.map((one) => [one.signature, one.missing]));
    assert.match(missing.get("collapsed-routing") ?? "", /add routing to evaluation\.evaluators/);
    assert.match(missing.get("diverged-loss") ?? "", /3 steps logged of 20 needed/);
    const folder = readdirSync(join(project, "runs", "tiny")).find((name) => /-[0-9a-f]{8}$/.test(name));
    const single = await command(project, ["diagnose", `runs/tiny/${folder}`, "--json"]);
    assert.is((JSON.parse(single.out) as Diagnosed[]).length, 1);
  });

  test("refuses a folder without runs, and a misspelt flag", async () => {
    assert.match((await command(project, ["diagnose", "nowhere"])).err, /SWEEP_NOT_FOUND/);
    const wrong = await command(project, ["diagnose", "runs/tiny", "--strikt"]);
    assert.is(wrong.code, 2);
    assert.match(wrong.err, /Did you mean --strict/);
  });
});
