/**
 * Runs the programs of docs/examples in this process, one after the other, and keeps what each prints. One process for
 * all, because a tensor library takes longer to load than an example takes to run.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

export interface Example {
  /** The program. */
  readonly program: string;
  readonly output: string;
  /** How a config chooses the plugin: a config of its own. */
  readonly config: string;
}

/** `<kind>/<name>` of the files below a folder that end like this, sorted. @param folder Absolute. */
export function exampleNames(folder: string, extension: ".ts" | ".yaml"): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(extension) && file.includes("/"))
    .map((file) => file.slice(0, -extension.length))
    .sort();
}

/**
 * @param folder Absolute. @param name `<kind>/<name>`.
 * @throws Error when the program prints nothing, which it does when this process ran it before.
 */
export async function runExample(folder: string, name: string): Promise<Example> {
  const file = join(folder, `${name}.ts`);
  const output = await outputOf(() => import(pathToFileURL(file).href));
  if (output === "") throw new Error(`${file} printed nothing; a program prints once a process`);
  return {
    program: readFileSync(file, "utf8"),
    output,
    config: readFileSync(join(folder, `${name}.yaml`), "utf8"),
  };
}

/** What is written to standard output meanwhile, which does not get it. */
async function outputOf(run: () => Promise<unknown>): Promise<string> {
  const { stdout } = process;
  const write = stdout.write.bind(stdout);
  let output = "";
  stdout.write = (chunk: string | Uint8Array) => {
    output += typeof chunk === "string" ? chunk : Buffer.from(chunk).toString("utf8");
    return true;
  };
  try {
    await run();
  } finally {
    stdout.write = write;
  }
  return output;
}
