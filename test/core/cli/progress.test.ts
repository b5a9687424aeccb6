import { Writable } from "node:stream";
import * as assert from "uvu/assert";
import type { Io } from "../../../core/cli/io.ts";
import { barProgress } from "../../../core/cli/progress/bars.ts";
import { lineProgress } from "../../../core/cli/progress/lines.ts";
import { createProgress } from "../../../core/cli/progress/create-progress.ts";
import type { Progress } from "../../../core/cli/progress/contract.ts";
import type { RunJob, SourceJob } from "../../../core/run/contracts.ts";
import { suite } from "../../suite.ts";
import { stepRecord } from "../run/fixtures.ts";
import { makeProfile } from "../run/make-profile.ts";

const job: RunJob = { id: "a", name: "experts=2", folder: "/r" };
const source: SourceJob = { fingerprint: "f", folder: "/r", runs: ["a"] };
const failure = { code: "DISK_FULL", message: "The disk is full. [DISK_FULL]\n  where /r" };

function recorder(): { readonly io: Io; readonly lines: string[] } {
  const lines: string[] = [];
  const io = { cwd: "/", env: {}, isTerminal: false, columns: undefined, out: () => undefined };
  return { io: { ...io, err: (text) => lines.push(text.trimEnd()) }, lines };
}

function play(progress: Progress): void {
  progress.begin(2);
  progress.note("2 runs to do");
  progress.sourceProgress(source, 5, 10, "harvesting");
  progress.sourceProgress(source, 10, 10, "harvesting");
  progress.sourceReady(source);
  progress.runStarted(job);
  progress.runEvent(job, { type: "training", device: "cpu", resumedFrom: 4, totalSteps: 12, attempt: 2 });
  progress.runEvent(job, { type: "warning", message: "a checkpoint is damaged" });
  progress.runEvent(job, { type: "step", record: stepRecord(6) });
  progress.runEvent(job, { type: "profile", profile: makeProfile() });
  progress.runEvent(job, { type: "evaluating" });
  progress.runEnded(job, { id: "a", outcome: "failed", failure });
  progress.stop();
}

suite("progress", (test) => {
  test("without a terminal is a line now and then, and one for everything that matters", () => {
    const { io, lines } = recorder();
    let clock = 0;
    play(lineProgress(io, () => (clock += 1000)));
    const text = lines.join("\n");
    for (const part of [
      "2 runs to do",
      "harvesting: 10/10",
      "experts=2: resumed after step 4 on cpu",
      "experts=2: warning: a checkpoint is damaged",
      "experts=2: failed: The disk is full. [DISK_FULL] (1/2)",
    ]) {
      assert.ok(text.includes(part), `${part}\n${text}`);
    }
    assert.ok(lines.every((line) => /^\[\d/.test(line)));
  });

  test("writes a step only when some seconds have passed", () => {
    const { io, lines } = recorder();
    let clock = 0;
    const progress = lineProgress(io, () => clock);
    progress.begin(2);
    progress.runStarted(job);
    for (let step = 1; step <= 100; step++) {
      clock += 100;
      progress.runEvent(job, { type: "step", record: stepRecord(step) });
    }
    assert.is(lines.length, 3);
    assert.match(lines[0]!, /^\[3\.0 s\] 0\/2 runs ended; experts=2 step 30\/\? loss 0\.03333$/);
  });

  test("with --quiet is what went wrong", async () => {
    const { io, lines } = recorder();
    play(await createProgress(io, true));
    assert.equal(lines, [
      "experts=2: warning: a checkpoint is damaged",
      "experts=2: failed: The disk is full. [DISK_FULL]",
    ]);
  });

  test("on a terminal is bars, and lines that stay above them", () => {
    const { io } = recorder();
    let drawn = "";
    const terminal = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        drawn += chunk.toString();
        done();
      },
    });
    Object.assign(terminal, { isTTY: true, columns: 120, cursorTo: () => true, moveCursor: () => true });
    Object.assign(terminal, { clearLine: () => true, clearScreenDown: () => true });
    play(barProgress({ ...io, isTerminal: true }, terminal));
    for (const part of ["runs", "1/2", "failed: The disk is full."]) assert.ok(drawn.includes(part), part);
  });
});
