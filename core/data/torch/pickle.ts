/**
 * A pickle machine that knows data only: it keeps the stack, the marks and the memo of protocols 0 to 5, and hands
 * everything that would name or call something to a `PickleDialect`, which either knows a value for it or throws. Time
 * and memory are linear in the pickle's bytes: every instruction adds at most one value.
 *
 * @see Python's Lib/pickletools.py, which documents every instruction
 */
import { safe } from "./pickle-bytes.ts";
import type { PickleBytes } from "./pickle-bytes.ts";
import { PickleMachine } from "./pickle-machine.ts";
import type { PickleDict, PickleValue } from "./pickle-values.ts";
import type { SwitchyardError } from "../../errors/switchyard-error.ts";
import { corrupt, forbidden, unsupported } from "./torch-errors.ts";
import type { Place } from "./torch-errors.ts";

/** What the names and calls of a pickle mean. */
export interface PickleDialect {
  /** A Python name. @throws SwitchyardError TORCH_FILE_FORBIDDEN for all but a few */
  global(name: string, place: Place): PickleValue;
  /** A call of such a name. @throws as `global` */
  call(callee: PickleValue, args: PickleValue, place: Place): PickleValue;
  /** What lies outside of the pickle under an id. */
  persistent(id: PickleValue, place: Place): PickleValue;
}

/** @returns The value; `bytes` stand after the pickle. @throws SwitchyardError TORCH_FILE_* */
export function readPickle(bytes: PickleBytes, dialect: PickleDialect): PickleValue {
  const machine = new PickleMachine(bytes);
  for (;;) {
    const code = String.fromCharCode(bytes.instruction());
    if (code === stop) return machine.pop();
    const makes = makers[code];
    const acts = actions[code];
    if (makes !== undefined) machine.push(makes(machine, dialect));
    else if (acts !== undefined) acts(machine);
    else throw unknownInstruction(machine, code);
  }
}

const stop = ".";
const highestProtocol = 5;

/** Instructions that put a value on the stack, by their byte. Bytes and sets have no place in a state dict. */
const makers: Readonly<Record<string, (machine: PickleMachine, dialect: PickleDialect) => PickleValue>> = {
  N: () => null,
  "\x88": () => true,
  "\x89": () => false,
  I: (m) => integerOfLine(m, m.bytes.line()),
  L: (m) => integerOfLine(m, m.bytes.line().replace(/L$/, "")),
  J: ({ bytes }) => bytes.int32(),
  K: ({ bytes }) => bytes.uint8(),
  M: ({ bytes }) => bytes.uint16(),
  "\x8a": ({ bytes }) => bytes.integer(bytes.uint8()),
  "\x8b": ({ bytes }) => bytes.integer(bytes.uint32()),
  F: (m) => floatOfLine(m, m.bytes.line()),
  G: ({ bytes }) => bytes.float64(),
  V: ({ bytes }) => bytes.line(),
  X: ({ bytes }) => bytes.text(bytes.uint32()),
  T: ({ bytes }) => bytes.text(bytes.uint32()),
  U: ({ bytes }) => bytes.text(bytes.uint8()),
  "\x8c": ({ bytes }) => bytes.text(bytes.uint8()),
  "\x8d": ({ bytes }) => bytes.text(bytes.uint64()),
  "]": () => ({ kind: "list", items: [] }),
  l: (m) => ({ kind: "list", items: m.popToMark() }),
  ")": () => ({ kind: "tuple", items: [] }),
  t: (m) => ({ kind: "tuple", items: m.popToMark() }),
  "\x85": (m) => m.tuple(1),
  "\x86": (m) => m.tuple(2),
  "\x87": (m) => m.tuple(3),
  "}": emptyDict,
  d: (m) => m.fill(emptyDict(), m.popToMark()),
  "2": (m) => m.top(),
  g: (m) => m.kept(indexOfLine(m)),
  h: (m) => m.kept(m.bytes.uint8()),
  j: (m) => m.kept(m.bytes.uint32()),
  c: (m, dialect) => dialect.global(`${m.bytes.line()}.${m.bytes.line()}`, m.place),
  "\x93": stackGlobal,
  R: callTop,
  Q: (m, dialect) => dialect.persistent(m.pop(), m.place),
  P: (m, dialect) => dialect.persistent(m.bytes.line(), m.place),
};

/** Instructions that change what is there. */
const actions: Readonly<Record<string, (machine: PickleMachine) => void>> = {
  "\x80": checkProtocol,
  "\x95": ({ bytes }) => void bytes.uint64(),
  "(": (m) => {
    m.mark();
  },
  "0": (m) => void m.pop(),
  "1": (m) => void m.popToMark(),
  a: (m) => {
    const item = m.pop();
    m.append([item]);
  },
  e: (m) => {
    m.append(m.popToMark());
  },
  s: (m) => {
    const value = m.pop();
    m.setItems([m.pop(), value]);
  },
  u: (m) => {
    m.setItems(m.popToMark());
  },
  p: (m) => {
    m.put(indexOfLine(m));
  },
  q: (m) => {
    m.put(m.bytes.uint8());
  },
  r: (m) => {
    m.put(m.bytes.uint32());
  },
  "\x94": (m) => {
    m.put(m.numKept);
  },
  b: (m) => {
    m.build();
  },
};

/** Instructions that only ever make objects of classes. */
const building: Readonly<Record<string, string>> = {
  i: "an instance of a class",
  o: "an instance of a class",
  "\x81": "a new object of a class",
  "\x92": "a new object of a class",
  "\x82": "a registered extension",
  "\x83": "a registered extension",
  "\x84": "a registered extension",
};

function unknownInstruction({ place }: PickleMachine, code: string): SwitchyardError {
  const received = `instruction 0x${code.charCodeAt(0).toString(16).padStart(2, "0")}`;
  const builds = building[code];
  if (builds !== undefined) return forbidden(place, `${builds} (${received})`);
  return corrupt(place, { expected: "an instruction of pickle", received });
}

function emptyDict(): PickleDict {
  return { kind: "dict", entries: new Map() };
}

function callTop(machine: PickleMachine, dialect: PickleDialect): PickleValue {
  const args = machine.pop();
  return dialect.call(machine.pop(), args, machine.place);
}

function stackGlobal(machine: PickleMachine, dialect: PickleDialect): PickleValue {
  const name = machine.pop();
  const module = machine.pop();
  if (typeof name !== "string" || typeof module !== "string") throw machine.unfit("a name as texts", name);
  return dialect.global(`${module}.${name}`, machine.place);
}

function checkProtocol(machine: PickleMachine): void {
  const protocol = machine.bytes.uint8();
  if (protocol <= highestProtocol) return;
  throw unsupported(machine.place, { expected: `protocol 0 to ${highestProtocol}`, received: `protocol ${protocol}` });
}

/** Protocol 0 writes booleans as the integers 00 and 01. */
function integerOfLine(machine: PickleMachine, text: string): number | bigint | boolean {
  if (text === "00" || text === "01") return text === "01";
  if (/^-?\d{1,40}$/.test(text)) return safe(BigInt(text));
  throw corrupt(machine.place, { expected: "an integer", received: JSON.stringify(text.slice(0, 40)) });
}

function floatOfLine(machine: PickleMachine, text: string): number {
  const special = { inf: Infinity, "-inf": -Infinity, nan: NaN }[text];
  if (special !== undefined) return special;
  const value = Number(text);
  if (text.trim() !== "" && !Number.isNaN(value)) return value;
  throw corrupt(machine.place, { expected: "a number", received: JSON.stringify(text.slice(0, 40)) });
}

function indexOfLine(machine: PickleMachine): number {
  const index = integerOfLine(machine, machine.bytes.line());
  return Number(index);
}
