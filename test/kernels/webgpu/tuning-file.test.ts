import { mkdirSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import * as assert from "uvu/assert";
import { readTuning, tuningFileOf } from "../../../kernels/webgpu/tuning-file.ts";
import { defaultTuning } from "../../../kernels/webgpu/tuning.ts";
import { temporaryFolder } from "../../core/run/fixtures.ts";
import { suite } from "../../suite.ts";

const card = {
  ...{ vendor: "nvidia", architecture: "hopper", device: "0x2330", isFallbackAdapter: false },
  description: "NVIDIA H100 PCIe/550.54.15",
};

suite("the file of a tuning", (test) => {
  test("lies in the user's cache folder, under the adapter's name", () => {
    const file = tuningFileOf(card, { XDG_CACHE_HOME: join("/", "caches") });
    assert.is(dirname(file), join("/", "caches", "switchyard", "tuning"));
    assert.match(file, /nvidia-h100-pcie-550-54-15-[0-9a-f]{8}\.json$/);
    assert.ok(tuningFileOf(card, {}).startsWith(join(homedir(), ".cache", "switchyard")));
  });

  test("is another one for another adapter, and for another version of its driver", () => {
    const files = [card, { ...card, device: "0x2331" }, { ...card, description: "NVIDIA H100 PCIe/570.1" }];
    assert.is(new Set(files.map((facts) => tuningFileOf(facts, {}))).size, 3);
  });

  test("has a name where the driver tells nothing", () => {
    const silent = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false };
    assert.match(tuningFileOf(silent, {}), /gpu-[0-9a-f]{8}\.json$/);
  });
});

suite("the tuning of an adapter", (test) => {
  const withFile = (text: string): ReturnType<typeof readTuning> => {
    const env = { XDG_CACHE_HOME: temporaryFolder() };
    const file = tuningFileOf(card, env);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return readTuning(card, env);
  };

  test("is the default where there is no file", () => {
    const found = readTuning(card, { XDG_CACHE_HOME: temporaryFolder() });
    assert.equal(found, { tuning: defaultTuning, origin: "default tuning" });
  });

  test("is what the file says", () => {
    const tuning = { ...defaultTuning, outerTile: "32x32" as const };
    assert.equal(withFile(JSON.stringify({ tuning, measured: [] })), { tuning, origin: "tuned" });
  });

  test("is the default where the file is no tuning of this version, and says so", () => {
    for (const text of ["", "{", "null", "[]", '{"tuning":{"encodeTile":"64x64"}}', '{"tuning":null}']) {
      const { tuning, origin } = withFile(text);
      assert.equal(tuning, defaultTuning);
      assert.match(origin, /^default tuning, since .*\.json is of another version: switchyard tune$/);
    }
  });
});
