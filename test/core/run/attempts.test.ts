import { spawn } from "node:child_process";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import * as assert from "uvu/assert";
import {
  abandonAttempt,
  beginAttempt,
  endAttempt,
  isRunning,
  lastAttempt,
  prepareAttempt,
  readExit,
  readStart,
} from "../../../core/run/attempts.ts";
import { attemptFolder } from "../../../core/run/layout.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

const gone = { host: hostname(), pid: 1, started: "an earlier boot:1" };

suite("attempts", (test) => {
  test("count from 1 and carry the identity of their process", async () => {
    const folder = temporaryFolder();
    assert.is(lastAttempt(folder), undefined);
    const first = beginAttempt(folder);
    assert.equal([first.number, first.folder], [1, attemptFolder(folder, 1)]);
    assert.is(readStart(folder, 1)?.process.pid, process.pid);
    assert.is(isRunning(folder, 1), true);
    await endAttempt(first, { outcome: "interrupted" });
    assert.is(isRunning(folder, 1), false);
    assert.is(beginAttempt(folder).number, 2);
  });

  test("lock the run while their process lives", () => {
    const folder = temporaryFolder();
    beginAttempt(folder);
    assert.throws(() => beginAttempt(folder), new RegExp(`RUN_LOCKED[\\s\\S]*process ${process.pid} on`));
    assert.is(lastAttempt(folder), 1);
  });

  test("of a process that is gone do not lock", () => {
    const folder = temporaryFolder();
    put(join(attemptFolder(folder, 1), "start.json"), { process: gone, startedAt: "" });
    assert.is(isRunning(folder, 1), false);
    assert.is(beginAttempt(folder).number, 2);
  });

  test("on another host lock until they end", () => {
    const folder = temporaryFolder();
    put(join(attemptFolder(folder, 1), "start.json"), { process: { host: "elsewhere", pid: 1 }, startedAt: "" });
    assert.throws(() => beginAttempt(folder), /RUN_LOCKED[\s\S]*elsewhere/);
    put(join(attemptFolder(folder, 1), "exit.json"), { outcome: "failed", endedAt: "" });
    assert.is(beginAttempt(folder).number, 2);
  });

  test("that could not even record their end are given up, and lock nothing", () => {
    const folder = temporaryFolder();
    abandonAttempt(beginAttempt(folder));
    assert.equal([readStart(folder, 1), isRunning(folder, 1)], [undefined, false]);
    assert.is(beginAttempt(folder).number, 2);
  });

  test("take over a prepared folder with an open log inside", () => {
    const folder = temporaryFolder();
    const prepared = prepareAttempt(folder, "t");
    writeFileSync(join(prepared, "log.txt"), "printed before\n");
    assert.is(lastAttempt(folder), undefined);
    const { number } = beginAttempt(folder, prepared);
    assert.is(readFileSync(join(attemptFolder(folder, number), "log.txt"), "utf8"), "printed before\n");
    assert.not(existsSync(prepared));
  });

  test("record how they ended", async () => {
    const folder = temporaryFolder();
    const attempt = beginAttempt(folder);
    assert.is(readExit(folder, 1), undefined);
    await endAttempt(attempt, { outcome: "failed", failure: { code: "X_Y", message: "why" } });
    const exit = readExit(folder, 1);
    assert.equal([exit?.outcome, exit?.failure], ["failed", { code: "X_Y", message: "why" }]);
    assert.ok(!Number.isNaN(Date.parse(exit!.endedAt)));
  });

  test("with unreadable records are reported, not guessed at", () => {
    const folder = temporaryFolder();
    put(join(attemptFolder(folder, 1), "start.json"), { process: {} });
    assert.throws(() => readStart(folder, 1), /RUN_FOLDER_BROKEN/);
    put(join(attemptFolder(folder, 1), "exit.json"), { outcome: "perhaps" });
    assert.throws(() => readExit(folder, 1), /RUN_FOLDER_BROKEN/);
  });

  test("begun by many processes at once succeed for exactly one", async () => {
    const folder = temporaryFolder();
    const module = fileURLToPath(new URL("../../../core/run/attempts.ts", import.meta.url));
    const script = `
      import { beginAttempt } from ${JSON.stringify(module)};
      process.once("message", () => {
        try { beginAttempt(${JSON.stringify(folder)}); process.send("won"); }
        catch (error) { process.send(error.code); }
      });
      process.send("ready");
      process.on("disconnect", () => process.exit(0));`;
    const racers = await Promise.all(Array.from({ length: 4 }, () => startRacer(script)));
    const results = await Promise.all(racers.map((racer) => racer.race()));
    for (const racer of racers) racer.end();
    assert.equal(results.sort(), ["RUN_LOCKED", "RUN_LOCKED", "RUN_LOCKED", "won"]);
    assert.equal(readdirSync(join(folder, "attempts")), ["1"]);
  });
});

interface Racer {
  race(): Promise<unknown>;
  end(): void;
}

/** A process that waits at the line until it is told to go. */
async function startRacer(script: string): Promise<Racer> {
  const child = spawn(process.execPath, ["--import", "tsx", "--input-type=module", "-e", script], {
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const nextMessage = (): Promise<unknown> =>
    new Promise((resolve) => {
      child.once("message", resolve);
    });
  await nextMessage();
  return {
    race: () => {
      const answer = nextMessage();
      child.send("go");
      return answer;
    },
    end: () => {
      child.disconnect();
    },
  };
}
