import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { openMetrics, readMetrics } from "../../../core/run/metrics-file.ts";
import { suite } from "../../suite.ts";
import { stepRecord, temporaryFolder } from "./fixtures.ts";

function fileWith(...steps: number[]): string {
  const file = join(temporaryFolder(), "metrics.jsonl");
  const metrics = openMetrics(file);
  for (const step of steps) metrics.append(stepRecord(step));
  metrics.close();
  return file;
}

suite("metrics.jsonl", (test) => {
  test("holds one line a step and gives the records back", async () => {
    const file = fileWith(2, 4);
    assert.equal(await readMetrics(file), [stepRecord(2), stepRecord(4)]);
    assert.is(readFileSync(file, "utf8").split("\n").length, 3);
  });

  test("has no records when it is missing", async () => {
    assert.equal(await readMetrics(join(temporaryFolder(), "absent.jsonl")), []);
  });

  test("cut inside its last line at any byte loses that line alone, and can be appended to", async () => {
    const whole = readFileSync(fileWith(2, 4));
    const secondLine = whole.indexOf(0x0a) + 1;
    for (let end = secondLine; end < whole.length; end++) {
      const file = join(temporaryFolder(), "metrics.jsonl");
      writeFileSync(file, whole.subarray(0, end));
      assert.equal(await readMetrics(file), [stepRecord(2)], `cut at ${end}`);
      const metrics = openMetrics(file);
      metrics.append(stepRecord(4));
      metrics.close();
      assert.equal(await readMetrics(file), [stepRecord(2), stepRecord(4)], `cut at ${end}`);
    }
  });

  test("counts the later line of a step that was logged twice, and keeps the order of steps", async () => {
    const file = fileWith(2, 4, 6);
    const metrics = openMetrics(file);
    metrics.append(stepRecord(4, { stepMs: 99 }));
    metrics.close();
    const records = await readMetrics(file);
    assert.equal(
      records.map(({ step, stepMs }) => [step, stepMs]),
      [
        [2, 2],
        [4, 99],
        [6, 2],
      ],
    );
  });

  test("brings numbers that are not finite back as not-a-number", async () => {
    const file = join(temporaryFolder(), "metrics.jsonl");
    const metrics = openMetrics(file);
    metrics.append(stepRecord(2, { loss: Number.NaN, gradientNorm: Number.POSITIVE_INFINITY }));
    metrics.close();
    const [record] = await readMetrics(file);
    assert.ok(Number.isNaN(record!.loss) && Number.isNaN(record!.gradientNorm));
  });

  test("with a wrong line before its last says which", async () => {
    const file = fileWith(2);
    appendFileSync(file, '{"step": 4}\n');
    await readMetrics(file).then(
      () => {
        assert.unreachable();
      },
      (error: unknown) => {
        assert.match(String(error), /METRICS_BROKEN[\s\S]*metrics\.jsonl:2/);
      },
    );
  });

  test(
    "on a full disk says so",
    () => {
      const metrics = openMetrics("/dev/full");
      assert.throws(() => {
        metrics.append(stepRecord(2));
      }, /DISK_FULL[\s\S]*\/dev\/full/);
      metrics.close();
    },
    { skip: existsSync("/dev/full") ? undefined : "this system has no /dev/full" },
  );
});
