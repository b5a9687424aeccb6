// Stands in for the compiled addon, by SWITCHYARD_NATIVE_ADDON: passes every call on to the addon that
// SWITCHYARD_RECORDED_ADDON names, and writes down what went into a kernel and what came out, for replay.cc. Left out are
// calls that were refused, and all but the first few different ones of a function, a shape, an instruction set. Each
// thread appends to a file of its own in the folder SWITCHYARD_RECORDINGS:
//
//   call      processor and instruction set, whether it is the best that the addon has, function, number of arguments,
//             arguments, result (float64; not-a-number for none)
//   text      length, bytes                                                       (whole numbers are uint32)
//   argument  kind; 1, 2: float64; 3, 4: length, whether the call changed it, bytes before, bytes after if changed
const { createHash } = require("node:crypto");
const { openSync, writeSync } = require("node:fs");
const { join } = require("node:path");
const { threadId } = require("node:worker_threads");

const mostOfFunction = 300;
const mostOfShape = 3;

const addon = require(process.env.SWITCHYARD_RECORDED_ADDON);
const file = openSync(join(process.env.SWITCHYARD_RECORDINGS, `${process.pid}-${threadId}.calls`), "a");
const seen = new Map();
let instructionSet = addon.instructionSets[0];

module.exports = { ...addon };
for (const [name, call] of Object.entries(addon)) {
  if (typeof call === "function") module.exports[name] = recorded(name, call);
}
module.exports.setInstructionSet = function (...args) {
  addon.setInstructionSet(...args);
  instructionSet = addon.instructionSets[args[0]];
};

function recorded(name, call) {
  return function (...args) {
    if (!args.some(isMemory) || !args.every(isPlain)) return call(...args);
    const before = args.map((value) => (isMemory(value) ? Buffer.from(bytesOf(value)) : undefined));
    const result = call(...args);
    if (isWanted(name, args, before)) {
      const isBest = instructionSet === addon.instructionSets[0];
      const by = [text(`${process.arch} ${instructionSet}`), uint32(Number(isBest))];
      const parts = [...by, text(name), uint32(args.length)];
      args.forEach((value, i) => parts.push(...argument(value, before[i])));
      writeSync(file, Buffer.concat([...parts, float64(result ?? NaN)]));
    }
    return result;
  };
}

function isMemory(value) {
  return ArrayBuffer.isView(value) && (value instanceof Float32Array || value instanceof Int32Array);
}

function isPlain(value) {
  return value === null || typeof value === "boolean" || typeof value === "number" || isMemory(value);
}

function isWanted(name, args, before) {
  const shape = args.map((value) =>
    typeof value === "number" && !Number.isInteger(value) ? "" : (value?.length ?? value),
  );
  const digest = createHash("sha1");
  args.forEach((value, i) => digest.update(before[i] ?? `${value} `));
  const call = digest.digest("hex");
  return (
    isAmongFirst(mostOfShape, [instructionSet, name, ...shape].join(" "), call) &&
    isAmongFirst(mostOfFunction, `${instructionSet} ${name}`, call)
  );
}

function isAmongFirst(most, group, call) {
  const calls = seen.get(group) ?? new Set();
  seen.set(group, calls);
  if (calls.has(call) || calls.size >= most) return false;
  calls.add(call);
  return true;
}

function argument(value, before) {
  if (value === null) return [uint32(0)];
  if (typeof value === "boolean") return [uint32(1), float64(Number(value))];
  if (typeof value === "number") return [uint32(2), float64(value)];
  const changed = !before.equals(bytesOf(value));
  const head = [uint32(value instanceof Float32Array ? 3 : 4), uint32(value.length), uint32(Number(changed))];
  return [...head, before, ...(changed ? [bytesOf(value)] : [])];
}

function bytesOf({ buffer, byteOffset, byteLength }) {
  return byteLength === 0 ? Buffer.alloc(0) : Buffer.from(buffer, byteOffset, byteLength);
}

function text(words) {
  return Buffer.concat([uint32(words.length), Buffer.from(words, "latin1")]);
}

function uint32(number) {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(number);
  return bytes;
}

function float64(number) {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(number);
  return bytes;
}
