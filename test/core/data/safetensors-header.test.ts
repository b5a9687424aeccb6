import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { dtypeBytes, parseHeader } from "../../../core/data/safetensors-header.ts";
import type { SafetensorsHeader } from "../../../core/data/safetensors-header.ts";
import { readSafetensors, writeSafetensors } from "../../../core/data/safetensors.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { throwsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

/** Parses a header of one line of entries; `dataBytes` follow it. */
function parse(entries: Readonly<Record<string, unknown>>, dataBytes: number): SafetensorsHeader {
  return parseHeader("x.safetensors", JSON.stringify(entries), 100, 100 + dataBytes);
}

suite("safetensors-header", (test) => {
  test("turns offsets into bytes of the file, whatever the order of the entries", () => {
    const { tensors, metadata } = parse(
      {
        late: { dtype: "F16", shape: [2, 3], data_offsets: [8, 20] },
        __metadata__: { made: "by hand" },
        early: { dtype: "I64", shape: [], data_offsets: [0, 8] },
        nothing: { dtype: "F32", shape: [0], data_offsets: [8, 8] },
      },
      20,
    );
    assert.equal(tensors.get("early"), { dtype: "I64", shape: [], offset: 100, numBytes: 8 });
    assert.equal(tensors.get("late"), { dtype: "F16", shape: [2, 3], offset: 108, numBytes: 12 });
    assert.equal(tensors.get("nothing"), { dtype: "F32", shape: [0], offset: 108, numBytes: 0 });
    assert.equal(metadata, { made: "by hand" });
  });

  test("knows every type's size", () => {
    assert.is(Object.keys(dtypeBytes).length, 13);
    for (const [dtype, bytes] of Object.entries(dtypeBytes)) {
      const entry = { dtype, shape: [3], data_offsets: [0, 3 * bytes] };
      assert.is(parse({ entry }, 3 * bytes).tensors.get("entry")!.numBytes, 3 * bytes);
      throwsWith("SAFETENSORS_CORRUPT", () => parse({ entry: { ...entry, shape: [4] } }, 3 * bytes));
    }
  });

  test("does not overflow on absurd shapes", () => {
    const entry = { dtype: "F64", shape: [2 ** 40, 2 ** 40, 2 ** 40], data_offsets: [0, 8] };
    throwsWith("SAFETENSORS_CORRUPT", () => parse({ entry }, 8));
    throwsWith("SAFETENSORS_CORRUPT", () => parse({ entry: { ...entry, shape: [1e300] } }, 8));
  });

  test("a file with any byte changed is read, or refused with a Switchyard error", async () => {
    const folder = temporaryFolder();
    const file = join(folder, "good.safetensors");
    await writeSafetensors(
      file,
      {
        first: { shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) },
        second: { shape: [3], data: Uint8Array.of(1, 2, 3) },
      },
      { key: "value" },
    );
    const good = readFileSync(file);
    let numRefused = 0;
    const property = fc.asyncProperty(fc.nat(good.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
      const bytes = Buffer.from(good);
      bytes[at]! ^= change;
      const changed = join(folder, "changed.safetensors");
      writeFileSync(changed, bytes);
      try {
        const { tensors } = await readSafetensors(changed);
        assert.ok(tensors.size <= 2);
      } catch (error) {
        assert.instance(error, SwitchyardError);
        numRefused += 1;
      }
    });
    await fc.assert(property, { numRuns: 300, seed: 11 });
    assert.ok(numRefused > 100, `${numRefused} of 300 refused`);
  });
});
