import { totalmem } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { describeMachine, freeBytes, memoryLimit } from "../../../core/run/machine.ts";
import { suite } from "../../suite.ts";
import { temporaryFolder } from "./fixtures.ts";

suite("the machine", (test) => {
  test("is described by what runs find on it", async () => {
    const machine = await describeMachine(temporaryFolder());
    assert.is(machine.node, process.versions.node);
    assert.match(machine.system, new RegExp(`^${process.platform} ${process.arch}$`));
    assert.ok(machine.processor.length > 0 && machine.cores >= 1);
    assert.ok(machine.memoryBytes > 0 && machine.memoryBytes <= totalmem());
    assert.ok(machine.availableMemoryBytes > 0);
    assert.ok((machine.freeDiskBytes ?? 0) > 0);
  });

  test("has as much memory as its control group allows", () => {
    assert.equal([memoryLimit(100, 40), memoryLimit(100, 0), memoryLimit(100, 2 ** 63)], [40, 100, 100]);
  });

  test("tells the room on the disk of a folder that does not exist yet", async () => {
    const folder = temporaryFolder();
    const [existing, absent] = [await freeBytes(folder), await freeBytes(join(folder, "not/yet/there"))];
    assert.ok((existing ?? 0) > 0 && (absent ?? 0) > 0);
  });
});
