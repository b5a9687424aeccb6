import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { packageRoot } from "../../../core/package-root.ts";
import { loadAddon, type LoadedAddon, type NativeAddon } from "../../../kernels/native/addon.ts";
import { nativeStamp } from "../../../kernels/native/source-stamp.js";
import { suite } from "../../suite.ts";
import { nativeSuite } from "./native-suite.ts";

/** They stay while the process lives, for what was loaded from them does. */
const folders: string[] = [];
process.once("exit", () => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Loads from a folder that has these files. */
function loadWith(files: Readonly<Record<string, string | Buffer>>): LoadedAddon {
  const folder = mkdtempSync(join(tmpdir(), "switchyard-addon-"));
  folders.push(folder);
  for (const [name, content] of Object.entries(files)) writeFileSync(join(folder, name), content);
  return loadAddon(join(folder, "switchyard.node"));
}

function reasonOf(loaded: LoadedAddon): string {
  if ("addon" in loaded) throw new Error("the addon was loaded");
  return loaded.reason;
}

suite("an addon that is not there", (test) => {
  test("was not built where no build left a status", () => {
    assert.is(reasonOf(loadWith({})), "it was not built: the package's install script did not run");
  });

  test("says why its build failed", () => {
    const status = JSON.stringify({ built: false, reason: "no C++ compiler was found", log: "long" });
    assert.is(reasonOf(loadWith({ "status.json": status })), "no C++ compiler was found");
  });

  test("was interrupted where the status gives no reason, or is none", () => {
    for (const status of ['{ "built": true }', '{ "reason": 7 }', "null", "[]", '"text"', "", '{ "built": fal']) {
      assert.is(reasonOf(loadWith({ "status.json": status })), "its build was interrupted", status);
    }
  });
});

suite("an addon that does not load", (test) => {
  test("says so with the loader's first line, and keeps the cause", () => {
    for (const content of ["", "this is no library\nat all"]) {
      const loaded = loadWith({ "switchyard.node": content });
      assert.match(reasonOf(loaded), /^it is built but does not load \([^\n]+\)$/);
      assert.instance((loaded as { cause: unknown }).cause, Error);
    }
  });
});

nativeSuite("the addon", (test) => {
  const file = join(packageRoot, "build", "native", "switchyard.node");

  test("is loaded where the package builds it, with the stamp of its sources", () => {
    const { addon } = loadAddon() as { addon: NativeAddon };
    assert.is(addon.stamp, nativeStamp(packageRoot));
    assert.is((loadAddon(file) as { addon: NativeAddon }).addon, addon);
  });

  test("has the best instruction set first and the portable one last", () => {
    const { instructionSets } = (loadAddon() as { addon: NativeAddon }).addon;
    const order = ["avx512", "avx2", "neon", "portable"];
    assert.is(instructionSets.at(-1), "portable");
    const known = instructionSets.filter((name) => order.includes(name));
    assert.equal(
      known,
      order.filter((name) => known.includes(name)),
    );
  });

  test("is loaded from any folder", () => {
    assert.ok("addon" in loadWith({ "switchyard.node": readFileSync(file) }));
  });

  test("that was built from other sources is not taken", () => {
    const bytes = readFileSync(file);
    const at = bytes.indexOf(nativeStamp(packageRoot));
    assert.ok(at > 0);
    bytes.write("0000000000000000", at, "latin1");
    assert.is(reasonOf(loadWith({ "switchyard.node": bytes })), "it was built from other sources than these");
  });

  test("allocates memory of exactly the size asked for, each piece of its own", () => {
    const { addon } = loadAddon() as { addon: NativeAddon };
    // Around cache lines and huge pages.
    const sizes = [1, 63, 64, 65, 2 ** 21 - 1, 2 ** 21, 2 ** 21 + 1];
    const pieces = sizes.map((bytes, i) => new Uint8Array(addon.allocate(bytes)).fill(i + 1));
    for (const [i, piece] of pieces.entries()) {
      assert.is(piece.length, sizes[i]);
      assert.ok(piece.every((byte) => byte === i + 1));
    }
  });

  test("refuses a wrong call with a code and words that say what was expected, and writes nothing", () => {
    const { addon } = loadAddon() as { addon: NativeAddon };
    const functions: Readonly<Record<string, unknown>> = { ...addon };
    const [out, copy] = [new Float32Array(3).fill(7), new Float32Array(3)];
    const refusals: readonly [RegExp, keyof NativeAddon, ...unknown[]][] = [
      [/^softmax: argument 1, rows: expected a whole number from 1 to 2147483647\.$/, "softmax", 0, 3, out, out],
      [
        /^softmax: argument 3, logits: expected a Float32Array of 3 numbers\.$/,
        "softmax",
        1,
        3,
        new Float32Array(4),
        out,
      ],
      [/^softmax: argument 4, out: expected memory that overlaps no other/, "softmax", 1, 3, out, out],
      [/^softmax: argument 4, arguments: expected as many as the function has\.$/, "softmax", 1, 3, out, copy, 5],
      [/^setThreads: argument 1, threads: expected a whole number from 1 to 256\.$/, "setThreads", 257],
      [/^adam: argument 1, beta1: expected a finite number\.$/, "adam", NaN, 0, 0, 0, 0, 3, out, out, out, out],
      [
        /^gatherRows: argument 4, indices: expected whole numbers from 0 to 1\.$/,
        ...(["gatherRows", 1, 2, 3, Int32Array.of(2), new Float32Array(6), out] as const),
      ],
    ];
    for (const [message, name, ...args] of refusals) {
      const call = functions[name] as (...args: unknown[]) => unknown;
      assert.throws(
        () => call(...args),
        (error: unknown) => {
          assert.instance(error, RangeError);
          assert.is((error as RangeError & { code: string }).code, "NATIVE_ARGUMENT");
          assert.match((error as RangeError).message, message);
          return true;
        },
      );
    }
    assert.equal([...out], [7, 7, 7]);
  });
});
