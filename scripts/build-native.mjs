// Compiles the kernels of the device `native` into build/native/. Runs as the package's install script, so it never
// fails: without a compiler, or with one that cannot, it says so in one line, and runs use the device `wasm`.
//
//   node scripts/build-native.mjs [--force] [--sanitize=address,undefined] [--processor=arm64]
//
// With one of the last two it builds what scripts/sanitize.mjs checks the C++ with, in a folder of its own: the replay of
// recorded calls (test/sanitize/), and for this processor the addon with an instruction set more, "wide".
//
// Each instruction set is the same source compiled once more (kernels/native/isa.h). What was built is tried in a
// process of its own before it is accepted. build/native/status.json tells `switchyard doctor` what happened.
import { execFile, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { nativeStamp } from "../kernels/native/source-stamp.js";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const run = promisify(execFile);
const words = process.argv.slice(2);
const option = (name) => words.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);
const sanitizers = option("sanitize");
const processor = option("processor") ?? process.arch;
const isForeign = processor !== process.arch;
const isCheck = sanitizers !== undefined || isForeign;
const variant = [...(isForeign ? [processor] : []), ...(sanitizers?.split(",") ?? [])];
const output = join(root, "build", ["native", ...variant].join("-"));
const addon = join(output, "switchyard.node");
const statusFile = join(output, "status.json");

// lanes: floats in a vector; rows x vectors: the register tile of the matrix product, as many sums as registers allow.
const instructionSets = {
  x64: [
    {
      name: "avx512",
      lanes: 16,
      rows: 12,
      vectors: 2,
      flags: ["-mavx512f", "-mavx512dq", "-mavx512bw", "-mavx512vl", "-mfma"],
    },
    { name: "avx2", lanes: 8, rows: 6, vectors: 2, flags: ["-mavx2", "-mfma"] },
    { name: "portable", lanes: 4, rows: 6, vectors: 2, flags: [] },
  ],
  arm64: [
    { name: "neon", lanes: 4, rows: 8, vectors: 3, flags: [] },
    { name: "portable", lanes: 4, rows: 6, vectors: 2, flags: [] },
  ],
};
// The layout of avx512 in the instructions of avx2: no processor is better off with it, but every x64 can check it.
const wide = { name: "wide", lanes: 16, rows: 12, vectors: 2, flags: ["-mavx2", "-mfma", "-Wno-psabi"] };
const others = ["addon", "arguments", "large-memory", "processors", "thread-pool"];

/** Something that the user can change. */
class BuildProblem extends Error {}

await main();

async function main() {
  const stamp = nativeStamp(root);
  if (!words.includes("--force") && isFresh(stamp)) return;
  mkdirSync(output, { recursive: true });
  rmSync(addon, { force: true });
  try {
    const compiler = findCompiler();
    await compile(compiler, stamp);
    if (!isCheck) tryOut();
    writeStatus({ built: true, stamp, compiler: compiler.description });
  } catch (error) {
    rmSync(addon, { force: true });
    const reason = error instanceof BuildProblem ? error.message : `it did not compile: ${firstLine(error)}`;
    writeStatus({ built: false, stamp, reason, log: error.stderr ?? String(error) });
    process.stderr.write(
      `switchyard: the device native is not available (${reason}); runs use wasm. ${howToGetIt()}\n`,
    );
    if (words.includes("--force") || isCheck) process.exitCode = 1;
  }
}

function isFresh(stamp) {
  if (!existsSync(addon) || !existsSync(statusFile)) return false;
  try {
    const status = JSON.parse(readFileSync(statusFile, "utf8"));
    return status.built === true && status.stamp === stamp;
  } catch {
    return false; // It breaks off: the build was interrupted while it wrote.
  }
}

function findCompiler() {
  if (instructionSets[processor] === undefined) throw new BuildProblem(`it knows no processor of type ${processor}`);
  if (process.platform === "win32") throw new BuildProblem("it is not built on Windows outside of WSL");
  const wanted = process.env.CXX;
  for (const command of wanted ? [wanted] : ["c++", "g++", "clang++"]) {
    const { status, stdout } = spawnSync(command, ["--version"], { encoding: "utf8" });
    if (status === 0) return { command, description: stdout.split("\n")[0] };
  }
  throw new BuildProblem(wanted ? `the compiler ${wanted} (CXX) does not run` : "no C++ compiler was found");
}

async function compile({ command }, stamp) {
  const headers = createRequire(import.meta.url)("node-api-headers").include_dir;
  const common = [
    // A check has debug information and, at -O2, the same multiply-adds: its results have the same bits as at -O3.
    ...["-std=c++17", isCheck ? "-O2" : "-O3", "-fPIC", "-fvisibility=hidden", "-pthread"],
    ...["-fno-exceptions", "-fno-rtti", "-fno-math-errno", "-ffp-contract=fast"],
    ...(isCheck ? ["-g", "-fno-omit-frame-pointer"] : []),
    ...(sanitizers === undefined ? [] : [`-fsanitize=${sanitizers}`, "-fno-sanitize-recover=undefined"]),
    ...["-I", headers, "-DNAPI_VERSION=8", `-DSWITCHYARD_STAMP="${stamp}"`],
  ];
  const hasWide = isCheck && processor === "x64";
  const objects = [
    ...[...instructionSets[processor], ...(hasWide ? [wide] : [])].map(({ name, lanes, rows, vectors, flags }) => ({
      object: `isa-${name}.o`,
      source: "kernels/native/isa.cc",
      flags: [
        ...[...flags, `-DSWITCHYARD_ISA=${name}`, `-DSWITCHYARD_LANES=${lanes}`],
        ...[`-DSWITCHYARD_ROWS=${rows}`, `-DSWITCHYARD_VECTORS=${vectors}`],
      ],
    })),
    ...others.map((name) => ({
      object: `${name}.o`,
      source: `kernels/native/${name}.cc`,
      flags: hasWide ? ["-DSWITCHYARD_WIDE"] : [],
    })),
  ];
  const ofReplay = isCheck
    ? ["replay", "node-api"].map((name) => ({ object: `${name}.o`, source: `test/sanitize/${name}.cc`, flags: [] }))
    : [];
  const jobs = [...objects, ...ofReplay];
  const queue = [...jobs];
  const work = async () => {
    for (let job = queue.shift(); job !== undefined; job = queue.shift()) {
      const files = ["-c", join(root, job.source), "-o", join(output, job.object)];
      await run(command, [...common, ...job.flags, ...files], { maxBuffer: 1 << 26 });
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const pathsOf = (list) => list.map(({ object }) => join(output, object));
  if (!isForeign) {
    // The pool's threads run the addon's code until the process ends: it must never be unloaded.
    const link = process.platform === "darwin" ? ["-undefined", "dynamic_lookup"] : ["-Wl,-z,nodelete"];
    const unfinished = `${addon}.unfinished`;
    await run(command, [...common, "-shared", ...pathsOf(objects), ...link, "-o", unfinished]);
    renameSync(unfinished, addon);
  }
  // Static where an emulator runs it, which has no libraries of that processor.
  const link = isForeign ? ["-static"] : [];
  if (isCheck) await run(command, [...common, ...pathsOf(jobs), ...link, "-o", join(output, "replay")]);
  for (const path of pathsOf(jobs)) rmSync(path);
}

/** Multiplies two matrices with every instruction set, in a process that may crash. */
function tryOut() {
  const program = `
    const addon = require(${JSON.stringify(addon)});
    const a = new Float32Array(7 * 300).map((_, i) => i % 5), b = new Float32Array(300 * 9).map((_, i) => i % 3);
    addon.instructionSets.forEach((name, number) => {
      addon.setInstructionSet(number);
      addon.setThreads(2);
      const c = new Float32Array(63);
      addon.matMul(1, 7, 9, 300, false, false, false, false, a, b, null, c);
      c.forEach((value, at) => {
        let sum = 0;
        for (let k = 0; k < 300; k++) sum += a[Math.floor(at / 9) * 300 + k] * b[k * 9 + at % 9];
        if (sum !== value) throw new Error(name + " multiplies wrongly");
      });
    });`;
  const { status, signal, stderr } = spawnSync(process.execPath, ["-e", program], { encoding: "utf8" });
  if (status === 0) return;
  const why = signal ?? /Error: (.*)/.exec(stderr)?.[1] ?? `exit code ${status}`;
  throw new BuildProblem(`it was built but does not work here: ${why}`);
}

function writeStatus(status) {
  writeFileSync(statusFile, `${JSON.stringify(status, undefined, 2)}\n`);
}

function firstLine(error) {
  const text = typeof error.stderr === "string" && error.stderr !== "" ? error.stderr : String(error.message ?? error);
  return text.split("\n").find((line) => line.includes("error")) ?? text.split("\n")[0];
}

function howToGetIt() {
  const install = {
    darwin: "Run `xcode-select --install`, then `npm run build:native`.",
    linux: "Install g++ or clang (Debian: `apt-get install g++`), then `npm run build:native`.",
  };
  return install[process.platform] ?? "See docs/kernels.md.";
}
