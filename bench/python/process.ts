/**
 * A Python program of the benches, running beside this one: calls go to it as lines of JSON, and each is answered by one
 * (service.py).
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { packageRoot } from "../../core/package-root.ts";

export interface PythonProcess {
  /** Calls a function by name; one call at a time. @throws Error when the program ends instead; its output says why. */
  call(name: string, words?: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** Ends the program and waits until it is gone. */
  end(): Promise<void>;
}

/**
 * The environment of PyTorch's tuning guide. glibc gives large blocks back to the system when they are freed, and PyTorch
 * then takes the same pages anew at every step, zeroed: keeping them makes it several times faster. Its tensors also
 * lie on huge pages then, as Switchyard's do.
 */
export const tunedEnvironment: NodeJS.ProcessEnv = {
  MALLOC_MMAP_THRESHOLD_: String(2 ** 33),
  MALLOC_TRIM_THRESHOLD_: String(2 ** 34),
  THP_MEM_ALLOC_ENABLE: "1",
};

/**
 * @param script Path below bench/: "peers/peer.py".
 * @param environment Beside that of this process.
 */
export function startPython(
  interpreter: string,
  script: string,
  words: readonly string[],
  environment: NodeJS.ProcessEnv = tunedEnvironment,
): PythonProcess {
  const child = spawn(interpreter, [join(packageRoot, "bench", script), ...words], {
    stdio: ["pipe", "pipe", "inherit"],
    env: {
      ...process.env,
      ...environment,
      PYTHONPATH: join(packageRoot, "bench", "python"),
      PYTHONDONTWRITEBYTECODE: "1",
    },
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const gone = new Promise<void>((resolve, reject) => {
    child.on("close", () => {
      resolve();
    });
    child.on("error", reject);
  });
  // A line for a program that has ended: `gone` tells whoever waits for its answer.
  child.stdin.on("error", () => undefined);
  // Whoever calls or ends the program is told; a program that nobody waits for may fail to start in silence.
  gone.catch(() => undefined);
  return {
    call: async (name, given = {}) => {
      child.stdin.write(`${JSON.stringify({ call: name, ...given })}\n`);
      const line = await Promise.race([lines.next(), gone.then(() => ({ done: true as const, value: undefined }))]);
      if (line.done === true) throw new Error(`${script} ended during the call of ${name}`);
      return resultOf(line.value);
    },
    end: async () => {
      child.stdin.end();
      await gone;
    },
  };
}

function resultOf(line: string): unknown {
  const answer: unknown = JSON.parse(line);
  if (typeof answer === "object" && answer !== null && "result" in answer) return answer.result;
  throw new Error(`a line that is no answer: ${line.slice(0, 200)}`);
}
