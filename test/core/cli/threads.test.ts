import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { suite } from "../../suite.ts";
import { command, makeProject, tinyYaml } from "./project.ts";

/** The cpu device, which writes down every number of threads that it is told, and by which process. */
const noting = `
import { appendFileSync } from "node:fs";
import { definePlugin, Type, threadsRef } from "switchyard";
const note = (text) => appendFileSync(new URL("../../threads.txt", import.meta.url), process.pid + " " + text + "\\n");
export const device = definePlugin({
  kind: "device", name: "noting", version: "1", summary: "Notes its threads.", options: Type.Object({}),
  deps: { threads: threadsRef },
  create: async (options, { threads }) => {
    const { cpuDevice } = await import("${import.meta.resolve("../../../kernels/devices/cpu.ts")}");
    note("opens with " + threads);
    return { ...(await cpuDevice.open()), setThreads: (changed) => note("has " + changed) };
  },
});
`;

suite("the threads of a sweep", (test) => {
  test(
    "are divided among its workers, and lent to the run that is left",
    async () => {
      const yaml = tinyYaml.replace("device: cpu", "device: noting").replace(/sweep:[\s\S]*/, "");
      const project = makeProject({
        "plugins/device/noting.js": noting,
        "two.yaml": `${yaml}executor: { type: local, idleCores: lend }\nsweep: { grid: { training.steps: [4, 600] } }\n`,
      });
      const { code, err } = await command(project, ["run", "two.yaml", "--slots", "2", "--quiet"]);
      assert.is(code, 0, err);
      const byProcess = new Map<string, string[]>();
      for (const line of readFileSync(join(project, "threads.txt"), "utf8").trim().split("\n")) {
        const [pid = "", ...words] = line.split(" ");
        byProcess.set(pid, [...(byProcess.get(pid) ?? []), words.join(" ")]);
      }
      const cores = availableParallelism();
      const half = Math.max(1, Math.floor(cores / 2));
      // The source that both read was prepared in a process of its own, which opened no device for it.
      const short = [`opens with ${half}`, `has ${half}`];
      // A machine of one core has nothing to give away.
      const long = cores === half ? short : [...short, `has ${cores}`];
      assert.equal(
        [...byProcess.values()].sort((a, b) => a.length - b.length),
        [short, long],
      );
    },
    { timeoutMs: 60_000 },
  );
});
