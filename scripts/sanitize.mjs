// Checks the C++ of the device `native` under AddressSanitizer, UndefinedBehaviorSanitizer and ThreadSanitizer.
//
//   npm run test:sanitize -- [--arm64] [<part of the path of a test file>...]
//
// node     the tests of the kernels in Node, over an addon with ASan and UBSan that records its calls
// faults   a wrong result, overflows, a misaligned address and a race, planted on purpose, are found
// replay   the recorded calls without Node (test/sanitize/replay.cc), with ASan and UBSan, then with TSan
// arm64    the same, compiled for arm64 with UBSan and emulated; only when it is asked for
//
// Needs Linux and g++ with its sanitizers (Debian: apt-get install g++). --arm64 needs a cross compiler and an emulator
// too (Debian: apt-get install g++-aarch64-linux-gnu qemu-user), and is skipped without them.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const words = process.argv.slice(2);
const chosen = words.filter((word) => !word.startsWith("--"));
const compiler = process.env.CXX ?? "g++";
const recordings = join(root, "build", "recordings");
const timeoutMs = 30 * 60_000;
const unsuitable = {
  "test/kernels/native/addon.test.ts": "loads the file that the package builds",
  "test/kernels/native/growth.test.ts": "measures memory, of which AddressSanitizer keeps what was freed",
};
// Sanitizers want their addresses free, and some kernels put libraries there unless addresses are fixed.
const fixed = succeeds("setarch", ["-R", "true"]) ? ["setarch", "-R"] : [];
const folderOf = (variant) => join(root, "build", `native-${variant}`);

if (process.platform !== "linux" || !succeeds(compiler, ["--version"])) {
  process.stderr.write("test:sanitize needs Linux and g++ with its sanitizers (Debian: apt-get install g++).\n");
  process.exit(1);
}
build(["--sanitize=address,undefined"], compiler);
build(["--sanitize=thread"], compiler);
checkInNode();
const calls = recordedCalls();
checkFaults();
check("replay", "address,undefined", [join(folderOf("address-undefined"), "replay"), ...calls]);
check("replay", "thread", [join(folderOf("thread"), "replay"), ...calls]);
if (words.includes("--arm64")) checkArm64();

function build(options, command) {
  const script = join(root, "scripts", "build-native.mjs");
  const env = { ...process.env, CXX: command };
  const { status } = spawnSync(process.execPath, [script, "--force", ...options], { stdio: "inherit", env });
  if (status !== 0) process.exit(1);
}

/** Tests that open the native device, or run on every device. */
function testsOfAddon() {
  return ["test/kernels", "test/golden"]
    .flatMap((folder) => readdirSync(join(root, folder), { recursive: true }).map((file) => `${folder}/${file}`))
    .filter((file) => file.endsWith(".test.ts") && unsuitable[file] === undefined)
    .filter((file) => /native-suite\.ts|devices\/native\.ts|runOnAll/.test(readFileSync(join(root, file), "utf8")));
}

/** Node is no program of ours, and never gives all of its memory back: leaks are not looked for. */
function checkInNode() {
  rmSync(recordings, { recursive: true, force: true });
  mkdirSync(recordings, { recursive: true });
  const libasan = spawnSync(compiler, ["-print-file-name=libasan.so"], { encoding: "utf8" }).stdout.trim();
  const tests = chosen.length > 0 ? chosen : testsOfAddon();
  check("node", "address,undefined", [process.execPath, "--import", "tsx", join(root, "test", "run.ts"), ...tests], {
    LD_PRELOAD: libasan,
    ASAN_OPTIONS: "detect_leaks=0",
    SWITCHYARD_NATIVE_ADDON: join(root, "test", "sanitize", "recorder.cjs"),
    SWITCHYARD_RECORDED_ADDON: join(folderOf("address-undefined"), "switchyard.node"),
    SWITCHYARD_RECORDINGS: recordings,
  });
}

/** Files of recorded calls, the smallest first. */
function recordedCalls() {
  const files = readdirSync(recordings)
    .map((name) => join(recordings, name))
    .map((file) => ({ file, bytes: statSync(file).size }))
    .filter(({ bytes }) => bytes > 0)
    .sort((a, b) => a.bytes - b.bytes);
  if (files.length > 0) return files.map(({ file }) => file);
  process.stderr.write("no test called the addon, so nothing was checked\n");
  process.exit(1);
}

/** A check that cannot fail says nothing: each planted fault must be named by its report. */
function checkFaults() {
  const faults = [
    ["address-undefined", "wrong", "other results than recorded"],
    ["address-undefined", "short", "heap-buffer-overflow"],
    ["address-undefined", "scratch", "use-after-poison"],
    ["address-undefined", "misaligned", "misaligned address"],
    ["thread", "race", "data race"],
  ];
  const missed = faults.filter(([variant, fault, report]) => {
    const { status, output } = run([join(folderOf(variant), "replay"), `--fault=${fault}`, calls[0]]);
    return status === 0 || !output.includes(report);
  });
  const names = (list) => list.map(([, fault]) => fault).join(", ");
  if (missed.length === 0) return say("faults", `all planted ones were found: ${names(faults)}`);
  process.exitCode = 1;
  say("faults", `NOT FOUND, so the sanitizers do not work here: ${names(missed)}`);
}

function checkArm64() {
  if (process.arch === "arm64") return say("arm64", "is this processor: see above");
  const cross = "aarch64-linux-gnu-g++";
  if (!succeeds(cross, ["--version"]) || !succeeds("qemu-aarch64", ["--version"])) {
    return say("arm64", "skipped: it needs Debian's packages g++-aarch64-linux-gnu and qemu-user");
  }
  build(["--processor=arm64", "--sanitize=undefined"], cross);
  check("arm64", "undefined", ["qemu-aarch64", join(folderOf("arm64-undefined"), "replay"), ...calls]);
}

function check(part, sanitizers, command, env = {}) {
  const started = performance.now();
  const { status, output } = run(command, env);
  const seconds = `${((performance.now() - started) / 1000).toFixed(0)} s`;
  const summary = /^\d+ calls of .*$/m.exec(output)?.[0] ?? summaryOfTests(output);
  const isSkipped = output.includes("native is not available");
  if (status === 0 && !isSkipped) return say(part, `${sanitizers}: ${summary}: clean (${seconds})`);
  process.exitCode = 1;
  process.stdout.write(`${output}\n`);
  say(part, `${sanitizers}: ${summary}: FAULTS, see above (${seconds})`);
}

function summaryOfTests(output) {
  const [, files, tests] = /^(\d+) files\n(\d+ passed, \d+ failed, \d+ skipped)$/m.exec(output) ?? [];
  return files === undefined ? "ended early" : `${tests} in ${files} files`;
}

function run(command, env = {}) {
  const [program, ...args] = [...fixed, ...command];
  const options = {
    cwd: root,
    encoding: "utf8",
    env: { ...process.env, ...env },
    maxBuffer: 1 << 28,
    timeout: timeoutMs,
  };
  const { status, signal, error, stdout, stderr } = spawnSync(program, args, options);
  const end = error === undefined && signal === null ? "" : `\n${error?.message ?? `ended by ${signal}`}`;
  return { status, output: `${stdout}${stderr}${end}` };
}

function say(part, text) {
  process.stdout.write(`${part.padEnd(8)} ${text}\n`);
}

function succeeds(command, args) {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0;
}
