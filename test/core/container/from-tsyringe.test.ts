import "reflect-metadata";
import { container as rootContainer, Lifecycle } from "tsyringe";
import * as assert from "uvu/assert";
import { bindFactory } from "../../../core/container/binding.ts";
import { fromTsyringe } from "../../../core/container/from-tsyringe.ts";
import { createScope } from "../../../core/container/scope.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { definePlugin } from "../../../core/plugin/define-plugin.ts";
import { defineService } from "../../../core/plugin/service.ts";
import { Type } from "typebox";
import type { Schedule } from "../../../core/training/contracts.ts";
import { suite } from "../../suite.ts";

class FeatureStore {
  readonly names = ["colour", "tense"];
}

class Failing {
  readonly name = "failing";
  constructor() {
    throw new Error("the database is closed");
  }
}

const resultRef = defineService<string>("result", "run");

suite("tsyringe adapter", (test) => {
  test("makes a class that is registered there, without decorators, a plugin's dependency", async () => {
    const container = rootContainer.createChildContainer();
    container.register(FeatureStore, { useClass: FeatureStore }, { lifecycle: Lifecycle.Singleton });
    const deps = { store: fromTsyringe(container, FeatureStore) };
    const plugin = definePlugin({
      kind: "schedule",
      name: "by-store",
      version: "1",
      summary: "Counts features.",
      options: Type.Object({}),
      deps,
      create: (_options, { store }) => ({ multiplier: () => store.names.length }),
    });
    const scheduleRef = defineService<Schedule>("schedule", "run");
    const scope = createScope([bindFactory(scheduleRef, { deps, create: (made) => plugin.create({}, made) })]);
    assert.is((await scope.get(scheduleRef)).multiplier(0, 1), 2);
  });

  test("resolves string and symbol tokens, values and factories", async () => {
    const container = rootContainer.createChildContainer();
    const limit = Symbol("limit");
    container.register("greeting", { useValue: "hello" });
    container.register(limit, { useFactory: () => 7 });
    const scope = createScope([
      bindFactory(resultRef, {
        deps: { greeting: fromTsyringe<string>(container, "greeting"), limit: fromTsyringe<number>(container, limit) },
        create: (deps) => `${deps.greeting} ${deps.limit}`,
      }),
    ]);
    assert.is(await scope.get(resultRef), "hello 7");
  });

  test("resolves once for the sweep, or once in each run when asked to", async () => {
    const container = rootContainer.createChildContainer();
    let made = 0;
    container.register("count", { useFactory: () => (made += 1) });
    const shared = fromTsyringe<number>(container, "count");
    const own = fromTsyringe<number>(container, "count", { scope: "run" });
    const sweep = createScope([]);
    const bindings = [bindFactory(resultRef, { deps: { shared, own }, create: (d) => `${d.shared} ${d.own}` })];
    const first = await createScope(bindings, sweep).get(resultRef);
    const second = await createScope(bindings, sweep).get(resultRef);
    assert.is(first.split(" ")[0], second.split(" ")[0]);
    assert.is.not(first.split(" ")[1], second.split(" ")[1]);
    assert.is(made, 3);
  });

  test("keeps two containers apart whose tokens have one name", async () => {
    const [left, right] = [rootContainer.createChildContainer(), rootContainer.createChildContainer()];
    left.register("side", { useValue: "left" });
    right.register("side", { useValue: "right" });
    const deps = { left: fromTsyringe<string>(left, "side"), right: fromTsyringe<string>(right, "side") };
    const scope = createScope([bindFactory(resultRef, { deps, create: (d) => `${d.left} ${d.right}` })]);
    assert.is(await scope.get(resultRef), "left right");
  });

  test("says which token is not registered and what needed it", async () => {
    const missing = fromTsyringe<string>(rootContainer.createChildContainer(), "Nope");
    const scope = createScope([bindFactory(resultRef, { deps: { missing }, create: () => "", label: "loss/mine" })]);
    const error = await scope.get(resultRef).then(
      () => undefined,
      (thrown: unknown) => thrown,
    );
    assert.instance(error, SwitchyardError);
    const { code, summary, where, received } = error as SwitchyardError;
    assert.is(code, "TSYRINGE_UNRESOLVED");
    assert.is(summary, "The tsyringe container could not resolve Nope.");
    assert.is(where, "while building loss/mine -> tsyringe.Nope");
    assert.match(received ?? "", /unregistered dependency token/);
  });

  test("says why a registered class could not be constructed", async () => {
    const container = rootContainer.createChildContainer();
    container.register(Failing, { useClass: Failing });
    const failing = fromTsyringe(container, Failing);
    const scope = createScope([bindFactory(resultRef, { deps: { failing }, create: () => "" })]);
    await scope.get(resultRef).then(
      () => {
        assert.unreachable();
      },
      (error: unknown) => {
        assert.match((error as Error).message, /Failing[^]*the database is closed/);
      },
    );
  });
});
