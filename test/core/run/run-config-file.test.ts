import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import type { ValueSource } from "../../../core/config/config.ts";
import { describeSource, readConfigSources, readRunConfig, writeRunConfig } from "../../../core/run/run-config-file.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder, tinyConfig } from "./fixtures.ts";

const sources = new Map<string, ValueSource>([
  ["seed", { origin: "command line", word: "seed=3" }],
  ["model.features", { origin: "configs/a.yaml", line: 7, column: 13 }],
  ["device", { origin: "default" }],
]);

suite("config.yaml of a run", (test) => {
  test("gives back the very config, numbers to the last bit", () => {
    const folder = temporaryFolder();
    const optimizer = { type: "adam", learningRate: 2e-4 / Math.sqrt(24576 / 16384), epsilon: 1e-8, text: "1e-4" };
    const base = tinyConfig();
    const config = { ...base, training: { ...base.training, optimizer, gradientClip: null } };
    writeRunConfig(folder, config, sources);
    assert.equal(readRunConfig(folder), config);
    assert.match(readFileSync(join(folder, "config.yaml"), "utf8"), /^# The resolved config/);
  });

  test("stands beside the places that its values came from", () => {
    const folder = temporaryFolder();
    writeRunConfig(folder, tinyConfig(), sources);
    assert.equal([...readConfigSources(folder)], [...sources]);
    rmSync(join(folder, "config.sources.json"));
    assert.is(readConfigSources(folder).size, 0);
  });

  test("is broken when it is missing, cut, or something else", () => {
    for (const text of [undefined, "a: [1, 2", "name: tiny\nseed: 3\n", "[]"]) {
      const folder = temporaryFolder();
      if (text !== undefined) put(join(folder, "config.yaml"), text);
      assert.throws(() => readRunConfig(folder), /RUN_FOLDER_BROKEN[\s\S]*config\.yaml/);
    }
  });

  test("describes places as people read them", () => {
    assert.is(describeSource(sources.get("seed")), "command line (seed=3)");
    assert.is(describeSource(sources.get("model.features")), "configs/a.yaml:7:13");
    assert.is(describeSource(sources.get("device")), "default");
    assert.is(describeSource(undefined), undefined);
  });
});
