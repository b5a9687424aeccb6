import { Type } from "typebox";
import * as assert from "uvu/assert";
import { definePlugin, type AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import { defineService } from "../../../core/plugin/service.ts";
import type { Schedule } from "../../../core/training/contracts.ts";
import { suite } from "../../suite.ts";

const clockRef = defineService<{ now(): number }>("test.clock", "sweep");

const base = { kind: "schedule", name: "x", version: "1", summary: "For a test." } as const;

suite("definePlugin", (test) => {
  test("returns the definition itself", () => {
    const definition = { ...base, options: Type.Object({}), create: (): Schedule => ({ multiplier: () => 1 }) };
    assert.is(definePlugin(definition), definition);
  });

  test("gives create the types of the options and of the services", () => {
    const plugin = definePlugin({
      ...base,
      options: Type.Object({ factor: Type.Number(), name: Type.Optional(Type.String()) }),
      deps: { clock: clockRef },
      create: ({ factor, name }, { clock }) => {
        const product: number = factor * clock.now();
        const length: number | undefined = name?.length;
        return { multiplier: () => product + (length ?? 0) };
      },
    });
    const made = plugin.create({ factor: 2 }, { clock: { now: () => 21 } }) as Schedule;
    assert.is(made.multiplier(0, 1), 42);
  });

  test("lets the compiler refuse what is wrong", () => {
    // @ts-expect-error -- a schedule's multiplier is a number
    definePlugin({ ...base, options: Type.Object({}), create: () => ({ multiplier: () => "fast" }) });
    // @ts-expect-error -- there is no such kind
    definePlugin({ ...base, kind: "rooter", options: Type.Object({}), create: () => 1 });
    // @ts-expect-error -- there is no such option
    definePlugin({ ...base, options: Type.Object({}), create: ({ k }) => ({ multiplier: () => Number(k) }) });
    // @ts-expect-error -- there is no such service
    definePlugin({ ...base, options: Type.Object({}), create: (_o, { tf }) => ({ multiplier: () => Number(tf) }) });
    // @ts-expect-error -- options are a schema of an object
    definePlugin({ ...base, options: Type.Number(), create: () => ({ multiplier: () => 1 }) });
    assert.ok(true, "checked by tsc");
  });

  test("makes what a catalogue can hold", () => {
    const plugin: AnyPlugin = definePlugin({
      ...base,
      options: Type.Object({ k: Type.Integer() }),
      deps: { clock: clockRef },
      create: ({ k }) => ({ multiplier: () => k }),
      dispose: (schedule) => void schedule.multiplier(0, 1),
    });
    assert.is(plugin.name, "x");
  });
});

suite("defineService", (test) => {
  test("makes a reference with a factory only when it is given one", () => {
    assert.equal(defineService("a", "run"), { id: "a", scope: "run" });
    const provide = (): number => 1;
    assert.equal(defineService("a", "sweep", provide), { id: "a", scope: "sweep", provide });
  });
});
