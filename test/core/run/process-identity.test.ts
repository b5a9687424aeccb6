import { spawn } from "node:child_process";
import { once } from "node:events";
import { hostname } from "node:os";
import * as assert from "uvu/assert";
import { isAlive, thisProcess } from "../../../core/run/process-identity.ts";
import { suite } from "../../suite.ts";

suite("process identity", (test) => {
  test("knows this process as alive", () => {
    const identity = thisProcess();
    assert.is(identity.pid, process.pid);
    assert.is(identity.host, hostname());
    assert.is(isAlive(identity), true);
    assert.equal(thisProcess(), identity);
  });

  test("knows that a process ended", async () => {
    const child = spawn(process.execPath, ["-e", ""], { stdio: "ignore" });
    const { pid } = child;
    await once(child, "exit");
    assert.is(isAlive({ host: hostname(), pid: pid! }), false);
  });

  test("does not take another process with a reused id for the one that was meant", () => {
    assert.is(isAlive({ host: hostname(), pid: process.pid, started: "an earlier boot:1" }), false);
  });

  test("trusts the id alone where the start is not known", () => {
    assert.is(isAlive({ host: hostname(), pid: process.pid }), true);
  });

  test("cannot tell of another host", () => {
    assert.is(isAlive({ host: "elsewhere.example", pid: process.pid }), undefined);
  });
});
