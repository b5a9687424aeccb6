/** `switchyard doctor`: which devices open on this machine, why the others do not, and what runs find here. */
import { ConfigError } from "../../config/diagnostic.ts";
import { packageRoot, packageVersion } from "../../package-root.ts";
import { checkDevice } from "../../run/check-device.ts";
import type { DeviceCheck, DeviceProblem } from "../../run/check-device.ts";
import { failureOf } from "../../run/failure.ts";
import { describeMachine } from "../../run/machine.ts";
import type { Machine } from "../../run/machine.ts";
import type { Command } from "../command.ts";
import { listBuiltIn, listProject } from "../composition-root.ts";
import type { ListedProject } from "../composition-root.ts";
import type { Io } from "../io.ts";
import { shownPath } from "../project.ts";
import { bundleState } from "../source-stamp.js";
import { formatBytes } from "../units.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "Show which devices work here, why the others do not, and what this machine offers.",
  usage: "switchyard doctor [--config <file>] [--json]",
  description:
    "Opens every device plugin, the project's own too, and lets it compute.\n" +
    "Exits with 0 when at least one works, else with 1.",
  flags: {
    config: { type: "string", value: "<file>", help: "Also check the devices that this config's plugins bring." },
    json: { type: "boolean", help: "Print JSON." },
  },
  examples: ["switchyard doctor", "switchyard doctor --json | jq .auto.device"],
  positionals: [0, 0],
  run: async (words, io) => {
    const findings = await examine(io, words.get("config"));
    io.out(words.has("json") ? `${JSON.stringify(findings, undefined, 2)}\n` : textOf(findings, io));
    return findings.works ? 0 : 1;
  },
};

interface Findings {
  readonly switchyard: string;
  /** Whether at least one device works. */
  readonly works: boolean;
  readonly devices: readonly DeviceCheck[];
  /** What `device: auto` takes. */
  readonly auto: DeviceCheck;
  /** Why the project's own plugins are not among the devices, when they cannot be listed. */
  readonly pluginProblem?: string;
  readonly machine: Machine;
  /** Absolute. */
  readonly runsFolder: string;
  readonly bundle: ReturnType<typeof bundleState>;
}

async function examine(io: Io, config: string | undefined): Promise<Findings> {
  const { project, catalogue, pluginProblem } = await listDevices(io, config);
  const checks: DeviceCheck[] = [];
  // One after the other: each makes its own backend the current one.
  for (const entry of await catalogue.list("device")) checks.push(await checkDevice(entry, project));
  const devices = checks.filter(({ name }) => name !== "auto");
  const auto = checks.find(({ name }) => name === "auto");
  if (auto === undefined) throw new TypeError("the catalogue has no device auto");
  return {
    switchyard: packageVersion(),
    works: devices.some(({ works }) => works),
    ...{ devices, auto },
    ...(pluginProblem === undefined ? {} : { pluginProblem }),
    machine: await describeMachine(project.runsFolder),
    runsFolder: project.runsFolder,
    bundle: bundleState(packageRoot),
  };
}

/** @throws ConfigError for a config that is wrong: which plugins are meant, nobody knows then. */
async function listDevices(io: Io, config: string | undefined): Promise<ListedProject & { pluginProblem?: string }> {
  try {
    return await listProject(io, config);
  } catch (error) {
    if (error instanceof ConfigError) throw error;
    return { ...(await listBuiltIn(io)), pluginProblem: failureOf(error).message };
  }
}

function textOf({ switchyard, devices, auto, pluginProblem, machine, runsFolder, bundle }: Findings, io: Io): string {
  const width = Math.max(...devices.map(({ name }) => name.length));
  const disk = machine.freeDiskBytes === undefined ? "unknown" : `${formatBytes(machine.freeDiskBytes)} free`;
  return [
    "Devices",
    ...devices.flatMap((check) => deviceLines(check, width)),
    ...(pluginProblem === undefined
      ? []
      : ["", "The project's own plugins cannot be listed, so only the built-in devices were checked.", pluginProblem]),
    "",
    "device: auto",
    ...autoLines(auto),
    "",
    "Machine",
    `  switchyard  ${switchyard}, ${bundleTexts[bundle]}`,
    `  node        ${machine.node} on ${machine.system}`,
    `  processor   ${machine.processor}, ${machine.cores} ${machine.cores === 1 ? "core" : "cores"}`,
    `  memory      ${formatBytes(machine.memoryBytes)}, ${formatBytes(machine.availableMemoryBytes)} available`,
    `  disk        ${disk} at ${shownPath(io, runsFolder)}`,
    "",
  ].join("\n");
}

const bundleTexts: Readonly<Record<Findings["bundle"], string>> = {
  installed: "an installed package",
  fresh: "dist/ matches the sources",
  stale: "dist/ is older than the sources, which run instead and start more slowly: npm run build",
  missing: "no dist/, so the sources run and start more slowly: npm run build",
};

function deviceLines(check: DeviceCheck, width: number): readonly string[] {
  const rows = [
    check.works ? `works: ${check.description}` : `does not work: ${titleOf(check.problem)}`,
    ...(check.origin === "built in" ? [] : [row("from", check.origin)]),
    ...(check.works ? [] : problemRows(check.problem)),
  ];
  return rows
    .join("\n")
    .split("\n")
    .map((line, i) => `  ${(i === 0 ? check.name : "").padEnd(width)}  ${line}`);
}

function autoLines(auto: DeviceCheck): readonly string[] {
  const rows = auto.works
    ? [auto.reason ?? `Took ${auto.device}.`]
    : [titleOf(auto.problem), ...problemRows(auto.problem)];
  return rows.flatMap((text) => text.split("\n")).map((line) => `  ${line}`);
}

function titleOf({ code, message }: DeviceProblem): string {
  return message.includes(`[${code}]`) ? message : `${message} [${code}]`;
}

function problemRows({ expected, received, next }: DeviceProblem): readonly string[] {
  return Object.entries({ expected, received, next }).flatMap(([field, text]) =>
    text === undefined ? [] : [row(field, text)],
  );
}

/** Further lines of the text stand below its first one. */
function row(field: string, text: string): string {
  return `${field.padEnd(8)}  ${text.replaceAll("\n", `\n${" ".repeat(10)}`)}`;
}
