/**
 * Runs several test files in one process, because starting one costs more than most files take. Arguments are paths
 * relative to the working folder. A file that registers no suite fails the batch.
 */
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

// uvu collects the suites of the file with index UVU_INDEX in that group, behind the file's name.
const queue: unknown[][] = [];
Object.assign(globalThis, { UVU_DEFER: 1, UVU_QUEUE: queue });

const { exec } = await import("uvu");
for (const [index, file] of process.argv.slice(2).entries()) {
  Object.assign(globalThis, { UVU_INDEX: index });
  queue.push([file]);
  await import(pathToFileURL(resolve(file)).href);
  if (queue[index]?.length === 1) {
    process.stdout.write(`${file} declares no suite\n`);
    process.exitCode = 1;
  }
}
await exec();
