import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { Unavailable } from "../../../bench/program.ts";
import { requirePyTorch, type PeerDevice } from "../../../bench/python/facts.ts";
import { suite } from "../../suite.ts";
import { pythonWithTorch, torchMissing } from "../run-bench.ts";

async function refusal(interpreter: string, device: PeerDevice): Promise<string | undefined> {
  try {
    await requirePyTorch(interpreter, device);
    return undefined;
  } catch (error) {
    if (error instanceof Unavailable) return error.message;
    throw error;
  }
}

/** The refusal of a program that stands in for Python and gives this answer. */
async function refusalOf(result: string | null, device: PeerDevice): Promise<string | undefined> {
  const folder = await mkdtemp(join(tmpdir(), "switchyard-facts-"));
  const interpreter = join(folder, "python");
  await writeFile(interpreter, `#!/bin/sh\nread line\necho '${JSON.stringify({ result })}'\n`);
  await chmod(interpreter, 0o755);
  try {
    return await refusal(interpreter, device);
  } finally {
    await rm(folder, { recursive: true });
  }
}

suite("the Python that a bench was given", (test) => {
  test("is taken where nothing is missing", async () => {
    assert.is(await refusalOf(null, "cuda"), undefined);
  });

  test("is refused with what is missing and what to do", async () => {
    const message = await refusalOf("PyTorch 9.9.9 is built without CUDA", "cuda");
    assert.match(
      message ?? "",
      "PyTorch cannot compute on cuda: PyTorch 9.9.9 is built without CUDA. It needs an NVIDIA card",
    );
    assert.match(message ?? "", "peer=cpu");
    assert.match((await refusalOf("no PyTorch", "cpu")) ?? "", "python=PATH names a Python with torch and numpy");
  });

  test("is refused when it does not start", async () => {
    assert.match((await refusal("/nonexistent/python", "cpu")) ?? "", "/nonexistent/python does not start");
  });

  test(
    "has a PyTorch that computes on the processor",
    async () => {
      assert.is(await refusal(pythonWithTorch ?? "", "cpu"), undefined);
    },
    { skip: torchMissing, timeoutMs: 60_000 },
  );
});
