/**
 * The addon's checks of its arguments. Every call is drawn from the table of signatures, and most are then spoilt in a
 * few places; whatever happens, the call returns or throws NATIVE_ARGUMENT, and writes nothing but what it is told to.
 */
import * as assert from "uvu/assert";
import { loadAddon, type NativeAddon } from "../../../kernels/native/addon.ts";
import { createRandomData, type RandomData } from "../../conformance/kernels/random-data.ts";
import { createSignatures, type Argument, type FunctionName, type Sizes } from "./addon-signatures.ts";
import { nativeSuite } from "./native-suite.ts";
import { spoil, type Spoilt } from "./spoilt-arguments.ts";
import { createGuardedMemory } from "./guarded-memory.ts";

const numCalls = 24_000;

interface Tally {
  accepted: number;
  refused: number;
}

function drawSizes(random: RandomData): Sizes {
  const from = (lowest: number, highest: number): number => lowest + random.below(highest - lowest + 1);
  // Now and then longer than a vector, a tile or a unit of work.
  const isLarge = random.below(10) === 0;
  const E = from(1, 4);
  return {
    ...{ B: from(1, isLarge ? 70 : 6), D: from(1, isLarge ? 70 : 9), E, R: from(1, E), M: from(1, isLarge ? 30 : 5) },
    ...{ K: from(1, 5), batch: from(1, 3), m: from(1, isLarge ? 30 : 4), n: from(1, isLarge ? 40 : 4), k: from(0, 5) },
  };
}

/** Some numbers that arithmetic stumbles over. */
function withSpecials(args: readonly Argument[], random: RandomData): readonly Argument[] {
  const specials = [NaN, Infinity, -Infinity, 3e38, 1e-45, -0];
  for (const argument of args) {
    if (argument.kind !== "memory" || !(argument.value instanceof Float32Array) || random.below(8) !== 0) continue;
    argument.value[random.below(argument.value.length)] = specials[random.below(specials.length)]!;
  }
  return args;
}

function isRefusal(error: unknown): boolean {
  return error instanceof RangeError && "code" in error && error.code === "NATIVE_ARGUMENT";
}

/** Calls once, checks what happened, and returns whether the call was accepted. */
function checkCall(
  call: (...args: unknown[]) => unknown,
  { args, isCertain, isUnspoilt }: Spoilt,
  what: string,
): boolean {
  let isAccepted = true;
  let result: unknown;
  try {
    result = call(...args);
  } catch (error) {
    if (!isRefusal(error)) throw new Error(`${what} threw something else`, { cause: error });
    isAccepted = false;
  }
  if (isUnspoilt && !isAccepted) assert.unreachable(`${what}: a right call was refused`);
  if (isCertain && isAccepted) assert.unreachable(`${what}: a wrong call was accepted`);
  const isExpected = result === undefined || typeof result === "number" || result instanceof ArrayBuffer;
  if (isAccepted) assert.ok(isExpected, `${what} returned ${String(result)}`);
  return isAccepted;
}

nativeSuite("the addon's checks of its arguments", (test) => {
  const loaded = loadAddon();
  const addon = "addon" in loaded ? loaded.addon : ({ instructionSets: [] } as Partial<NativeAddon> as NativeAddon);
  const signatures = createSignatures(addon);
  const functions: Readonly<Record<string, unknown>> = { ...addon };
  const names = Object.keys(functions).filter((name) => typeof functions[name] === "function") as FunctionName[];
  const restore = (): void => {
    addon.setThreads(2);
    addon.setInstructionSet(0);
  };

  test("know every function of the addon", () => {
    assert.equal([...names].sort(), Object.keys(signatures).sort());
    assert.is(names.length, 27);
  });

  test(
    "let nothing be written that was not handed over for it, whatever a call is made of",
    () => {
      const random = createRandomData(1234);
      const memory = createGuardedMemory(random);
      const tallies = new Map<string, Tally>(names.map((name) => [name, { accepted: 0, refused: 0 }]));
      for (let i = 0; i < numCalls; i++) {
        const name = names[i % names.length]!;
        const what = `call ${i}, ${name}`;
        const args = withSpecials(signatures[name](drawSizes(random), random), random);
        memory.clear();
        const spoilt = spoil(args, memory, random);
        const unchanged = memory.photograph();
        const call = functions[name] as (...args: unknown[]) => unknown;
        // As a constructor it is the same function, and returns an object.
        const isConstructed = random.below(50) === 0;
        const construct = (...args: unknown[]): undefined => void Reflect.construct(call, args);
        const isAccepted = checkCall(isConstructed ? construct : call, spoilt, what);
        const writes = isAccepted ? spoilt.written : [];
        assert.ok(unchanged(writes), `${what}: memory changed that the call was not given to write`);
        tallies.get(name)![isAccepted ? "accepted" : "refused"] += 1;
      }
      restore();
      for (const [name, { accepted, refused }] of tallies) {
        assert.ok(accepted > 200, `${name}: ${accepted} calls were accepted`);
        assert.ok(refused > 200, `${name}: ${refused} calls were refused`);
      }
    },
    { timeoutMs: 60_000 },
  );

  test("refuse calls with no arguments, with too many, and as anything but numbers and memory", () => {
    const junk = [undefined, null, "3", {}, [], () => 1, Symbol("s"), 3n, new Date(0), new Proxy({}, {})];
    for (const name of names) {
      const call = functions[name] as (...args: unknown[]) => unknown;
      const calls = [[], ...junk.map((value) => [value]), Array.from({ length: 200 }, () => 1), junk];
      for (const args of calls) assert.throws(() => call(...args), isRefusal);
    }
  });

  test("find the place of every wrong argument", () => {
    const random = createRandomData(77);
    for (const name of names) {
      const args = signatures[name](drawSizes(random), random);
      for (const at of args.keys()) {
        const values: unknown[] = args.map(({ value }) => value);
        values[at] = "wrong";
        const message = new RegExp(`^${name}: argument ${at + 1}, `);
        assert.throws(
          () => (functions[name] as (...at: unknown[]) => unknown)(...values),
          (error: unknown) => isRefusal(error) && message.test((error as Error).message),
        );
      }
    }
  });
});
