/**
 * Whether the process that started an attempt is still that process. A process id alone is reused by the system, so
 * it is stored with the moment the process started.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";

export interface ProcessIdentity {
  readonly host: string;
  readonly pid: number;
  /** Opaque text that differs between two processes of one id; absent where the system does not tell. */
  readonly started?: string;
}

export function thisProcess(): ProcessIdentity {
  const started = startOf(process.pid);
  return { host: hostname(), pid: process.pid, ...(started === undefined ? {} : { started }) };
}

/**
 * @returns Whether the process lives; `undefined` when it belongs to another host, where nobody can look from here.
 */
export function isAlive(identity: ProcessIdentity): boolean | undefined {
  if (identity.host !== hostname()) return undefined;
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it exists and belongs to someone else.
    if (!(error instanceof Error && "code" in error && error.code === "EPERM")) return false;
  }
  return identity.started === undefined || startOf(identity.pid) === identity.started;
}

/** When process `pid` started: boot id and clock ticks on Linux, `ps` elsewhere. Undefined: gone, or not known. */
function startOf(pid: number): string | undefined {
  try {
    if (process.platform === "linux") return startOnLinux(pid);
    if (process.platform === "win32") return undefined;
    const started = execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim();
    return started === "" ? undefined : started;
  } catch {
    // No such process, or no /proc and no ps: the id alone has to do.
    return undefined;
  }
}

/** Field 22 of /proc/<pid>/stat; a zombie counts as gone. The name in field 2 may hold spaces and parentheses. */
function startOnLinux(pid: number): string | undefined {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  if (fields[0] === "Z" || fields[0] === "X") return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot}:${fields[19] ?? ""}`;
}
