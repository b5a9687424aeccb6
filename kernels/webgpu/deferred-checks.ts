/**
 * Checks of values that lie on the GPU, where reading them would make every kernel wait. A program looks at all of
 * them and notes the first position that is wrong; the note travels with the next tensor that is read, and the error is
 * raised there, before anybody sees a result. Until then a wrong index does no harm beyond wrong numbers: WebGPU keeps
 * every access within its buffer.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ValueCheck } from "../checks.ts";
import { KernelError, type KernelErrorCode } from "../kernel-error.ts";
import type { DeferredChecks, GpuRecord } from "./contracts.ts";
import { defineProgram, entryPoint, type GpuProgram } from "./program.ts";

/** Sites that can be told apart; those beyond share the last one. */
const mostSites = 256;
const nothing = 0xffffffff;
export const noteBytes = 4 * mostSites;

function checkProgram(
  label: string,
  type: "i32" | "f32",
  isWrong: string,
): GpuProgram<"values" | "notes", "size" | "limit" | "selected" | "site"> {
  return defineProgram({
    label,
    buffers: { values: type, notes: "out atomic<u32>" },
    params: { size: "u32", limit: "u32", selected: "u32", site: "u32" },
    code: /* wgsl */ `
      ${entryPoint(256)} {
        let i = group_index(id, groups) * 256u + lane;
        if (i >= params.size) { return; }
        var is_wrong = false;
        ${isWrong}
        if (is_wrong) { atomicMin(&notes[params.site], i); }
      }
    `,
  });
}

const checkIndex = checkProgram("checkIndices", "i32", "is_wrong = u32(values[i]) >= params.limit;");
const checkDifferent = checkProgram(
  "checkDifferent",
  "i32",
  "for (var r = i - i % params.selected; r < i; r++) { is_wrong = is_wrong || values[r] == values[i]; }",
);
// By its bits, since a compiler may assume that there is no NaN: the sign of a number that is not -0, or NaN.
const checkNonNegative = checkProgram(
  "checkNonNegative",
  "f32",
  "let bits = bitcast<u32>(values[i]); is_wrong = bits != 0x80000000u && bits > 0x7f800000u;",
);

interface Site {
  readonly where: string;
  readonly check: ValueCheck;
}

/** @param recordOf What the backend keeps of a tensor. @param makeNotes Memory of `noteBytes`, filled with 0xff. */
export function createDeferredChecks(
  recordOf: (tensor: tf.TensorInfo) => GpuRecord,
  makeNotes: () => tf.TensorInfo,
): DeferredChecks {
  const sites: Site[] = [];
  const siteNumbers = new Map<string, number>();
  let checked = new WeakMap<GpuRecord, Set<string>>();
  const promised = new WeakMap<GpuRecord, number>();
  let notes: tf.TensorInfo | undefined;
  let made = 0;
  let readUpTo = 0;
  const numberOf = (key: string, site: Site): number => {
    const known = siteNumbers.get(key);
    if (known !== undefined) return known;
    const number = Math.min(sites.length, mostSites - 1);
    sites[number] = site;
    siteNumbers.set(key, number);
    return number;
  };
  return {
    check: (memory, tensor, check, where) => {
      const record = recordOf(tensor);
      if (check.kind === "index" && (promised.get(record) ?? Infinity) <= check.limit) return;
      const key = JSON.stringify({ where, check });
      const before = checked.get(record) ?? new Set();
      checked.set(record, before);
      if (before.has(key)) return;
      before.add(key);
      const site = numberOf(key, { where, check });
      notes ??= makeNotes();
      made += 1;
      const size = tensor.shape.reduce((product, length) => product * length, 1);
      const limit = check.kind === "non-negative" ? 0 : check.limit;
      const selected = check.kind === "different" ? check.selected : 1;
      const params = { size, limit, selected, site };
      const groups = Math.ceil(size / 256);
      const buffers = { values: tensor, notes };
      if (check.kind === "index") memory.run(checkIndex, { buffers, params, groups });
      else if (check.kind === "different") memory.run(checkDifferent, { buffers, params, groups });
      else memory.run(checkNonNegative, { buffers, params, groups });
    },
    promise: (tensor, limit) => {
      promised.set(recordOf(tensor), limit);
    },
    pending: () => (notes !== undefined && made > readUpTo ? { notes, made } : undefined),
    read: (values, madeBefore) => {
      readUpTo = Math.max(readUpTo, madeBefore);
      const site = values.findIndex((position) => position !== nothing);
      if (site === -1) return;
      // Fresh notes: the old ones would repeat this error for ever. Whoever uses the same data again is told again.
      notes = undefined;
      checked = new WeakMap();
      const { where, check } = sites[site] as Site;
      throw errorOf(check, where, values[site] ?? 0);
    },
  };
}

function errorOf(check: ValueCheck, where: string, position: number): KernelError {
  const error = (code: KernelErrorCode, summary: string, expected: string, received: string): KernelError =>
    new KernelError(code, summary, { where, expected, received });
  if (check.kind === "index") {
    const expected = `0 to ${check.limit - 1}`;
    return error("KERNEL_INDEX_RANGE", "An index lies outside its range.", expected, `another at position ${position}`);
  }
  if (check.kind === "different") {
    const { selected } = check;
    const expected = `${selected} different experts a row`;
    const row = Math.floor(position / selected);
    return error("KERNEL_INDEX_RANGE", "A row is routed to the same expert twice.", expected, `others in row ${row}`);
  }
  const received = `another at position ${position}`;
  return error("KERNEL_VALUE_RANGE", "A value is negative or not a number.", "at least 0", received);
}
