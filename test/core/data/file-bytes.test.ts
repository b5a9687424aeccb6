import { readFileSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { readBytes, readInto, withFile, writeAll } from "../../../core/data/file-bytes.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "./expect-error.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const folder = temporaryFolder();
const file = join(folder, "ten");
writeFileSync(
  file,
  Uint8Array.from({ length: 10 }, (_, i) => i),
);

suite("file-bytes", (test) => {
  test("reads exactly the range that was asked for", async () => {
    assert.equal([...(await withFile(file, (handle) => readBytes(file, handle, 3, 4)))], [3, 4, 5, 6]);
    assert.is((await withFile(file, (handle) => readBytes(file, handle, 10, 0))).length, 0);
    const into = new Uint8Array(4).fill(9);
    await withFile(file, (handle) => readInto(file, handle, 0, into.subarray(1, 3)));
    assert.equal([...into], [9, 0, 1, 9]);
  });

  test("a range beyond the end is an error that tells both lengths", async () => {
    const error = await rejectsWith(
      "SAFETENSORS_TRUNCATED",
      withFile(file, (handle) => readBytes(file, handle, 8, 5)),
    );
    assert.is(error.expected, "5 bytes from byte 8 on");
    assert.is(error.received, "2 bytes");
  });

  test("closes the file after success and after failure", async () => {
    const handles: { readonly fd: number }[] = [];
    await withFile(file, (handle) => Promise.resolve(handles.push(handle)));
    const failure = new SwitchyardError("NO_ROWS", "told as it is");
    const thrown = await withFile(file, (handle) => {
      handles.push(handle);
      return Promise.reject(failure);
    }).catch((error: unknown) => error);
    assert.is(thrown, failure);
    assert.equal(
      handles.map(({ fd }) => fd),
      [-1, -1],
    );
  });

  test("tells the system's errors apart", async () => {
    await rejectsWith(
      "FILE_MISSING",
      withFile(join(folder, "none"), () => Promise.resolve()),
    );
    await rejectsWith(
      "FILE_MISSING",
      withFile(join(file, "below-a-file"), () => Promise.resolve()),
    );
    const denied = Object.assign(new Error("EACCES: permission denied"), { code: "EACCES" });
    const error = await rejectsWith(
      "FILE_UNREADABLE",
      withFile(file, () => Promise.reject(denied)),
    );
    assert.match(error.received ?? "", /permission denied/);
    assert.is(error.cause, denied);
  });

  test("writes all bytes one after the other", async () => {
    const target = join(folder, "written");
    const handle = await open(target, "w");
    await writeAll(handle, Uint8Array.of(1, 2, 3));
    await writeAll(handle, new Uint8Array(0));
    await writeAll(handle, Uint8Array.of(4).subarray(0));
    await handle.close();
    assert.equal([...readFileSync(target)], [1, 2, 3, 4]);
  });
});
