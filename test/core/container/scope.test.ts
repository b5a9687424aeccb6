import * as assert from "uvu/assert";
import { bindFactory, bindValue } from "../../../core/container/binding.ts";
import { createScope } from "../../../core/container/scope.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { defineService, type ServiceRef } from "../../../core/plugin/service.ts";
import { suite } from "../../suite.ts";

const numberRef = defineService<number>("number", "sweep");
const textRef = defineService<string>("text", "sweep");
const lateRef = defineService<string>("late", "run");

const pause = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function errorOf(promise: Promise<unknown>): Promise<SwitchyardError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof SwitchyardError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

/** A chain a <- b <- c (c needs b needs a) that records disposals. */
function chain(disposed: string[], failing: readonly string[] = []) {
  const [a, b, c] = ["a", "b", "c"].map((id) => defineService<string>(id, "run")) as [
    ServiceRef<string>,
    ServiceRef<string>,
    ServiceRef<string>,
  ];
  const dispose = (id: string) => (): void => {
    disposed.push(id);
    if (failing.includes(id)) throw new Error(`${id} is stuck`);
  };
  const slowly = async (text: string): Promise<string> => {
    await pause();
    return text;
  };
  const bindings = [
    bindFactory(a, { create: () => slowly("a"), dispose: dispose("a") }),
    bindFactory(b, { deps: { a }, create: (deps) => `b${deps.a}`, dispose: dispose("b") }),
    bindFactory(c, { deps: { a, b }, create: (deps) => slowly(`c${deps.b}`), dispose: dispose("c") }),
  ];
  return { a, b, c, bindings };
}

suite("scope: building", (test) => {
  test("builds a service with the services that it names, values and async factories alike", async () => {
    const scope = createScope([
      bindValue(numberRef, 3),
      bindFactory(textRef, {
        deps: { count: numberRef },
        create: async ({ count }) => {
          await pause();
          return "x".repeat(count);
        },
      }),
    ]);
    assert.is(await scope.get(textRef), "xxx");
  });

  test("builds each service once, also when it is asked for twice at the same time", async () => {
    let built = 0;
    const scope = createScope([
      bindFactory(numberRef, { create: () => pause().then(() => (built += 1)) }),
      bindFactory(textRef, { deps: { n: numberRef }, create: ({ n }) => `t${n}` }),
    ]);
    assert.equal(await Promise.all([scope.get(textRef), scope.get(numberRef), scope.get(textRef)]), ["t1", 1, "t1"]);
    assert.is(built, 1);
  });

  test("builds nothing that is not asked for", async () => {
    let built = 0;
    const scope = createScope([bindFactory(numberRef, { create: () => (built += 1) }), bindValue(textRef, "t")]);
    await scope.get(textRef);
    assert.is(built, 0);
  });

  test("keeps undefined, functions and objects with a then method as they are", async () => {
    const nothing = defineService<number | undefined>("nothing", "run");
    const callable = defineService<() => number>("callable", "run");
    const thenable = defineService<{ then: number }>("thenable", "run");
    const scope = createScope([
      bindValue(nothing, undefined),
      bindFactory(callable, { create: () => () => 5 }),
      bindValue(thenable, { then: 1 }),
    ]);
    assert.is(await scope.get(nothing), undefined);
    assert.is((await scope.get(callable))(), 5);
    assert.equal(await scope.get(thenable), { then: 1 });
  });

  test("checks the graph before anything is built", () => {
    let built = 0;
    assert.throws(
      () => createScope([bindFactory(textRef, { deps: { n: numberRef }, create: () => `${(built += 1)}` })]),
      /text needs number +\(not provided\)/,
    );
    assert.is(built, 0);
  });

  test("names the known services when an unknown one is asked for", async () => {
    const error = await errorOf(createScope([bindValue(numberRef, 1)]).get(textRef));
    assert.is(error.code, "CONTAINER_NOT_BOUND");
    assert.is(error.expected, "one of number");
  });
});

suite("scope: runs below a sweep", (test) => {
  test("shares the sweep's services and keeps each run's own", async () => {
    let sweepBuilt = 0;
    const sweep = createScope([bindFactory(numberRef, { create: () => (sweepBuilt += 1) })]);
    const run = (name: string) =>
      createScope([bindFactory(lateRef, { deps: { n: numberRef }, create: ({ n }) => `${name}${n}` })], sweep);
    const [first, second] = [run("first"), run("second")];
    assert.equal(await Promise.all([first.get(lateRef), second.get(lateRef)]), ["first1", "second1"]);
    assert.is(sweepBuilt, 1);
  });

  test("lets a run replace a service for itself only", async () => {
    const sweep = createScope([bindValue(numberRef, 1)]);
    const run = createScope([bindValue(numberRef, 2)], sweep);
    assert.equal([await run.get(numberRef), await sweep.get(numberRef)], [2, 1]);
  });

  test("makes a reference's own factory once in the scope that it names", async () => {
    let sweepBuilt = 0;
    let runBuilt = 0;
    const ownSweep = defineService("own", "sweep", () => (sweepBuilt += 1));
    const ownRun = defineService("own", "run", () => (runBuilt += 1));
    const sweep = createScope([]);
    const bindings = [
      bindFactory(lateRef, { deps: { ownSweep, ownRun }, create: (deps) => `${deps.ownSweep}/${deps.ownRun}` }),
    ];
    const runs = [createScope(bindings, sweep), createScope(bindings, sweep)];
    const texts = await Promise.all(runs.map((run) => run.get(lateRef)));
    assert.equal(texts.sort(), ["1/1", "1/2"]);
    assert.is(await sweep.get(ownSweep), 1);
    assert.equal([sweepBuilt, runBuilt], [1, 2]);
  });

  test("prefers a binding to the reference's own factory", async () => {
    const own = defineService<string>("own", "run", () => "own");
    assert.is(await createScope([bindValue(own, "bound")]).get(own), "bound");
  });

  test("refuses a parent that it did not make", () => {
    const impostor = { get: () => Promise.reject(new Error()), dispose: () => Promise.resolve() };
    assert.throws(() => createScope([], impostor), /not made by createScope/);
  });
});

suite("scope: failures", (test) => {
  test("reports the plugin that failed with its error, its config line and the path that asked for it", async () => {
    const { a, b, c } = chain([]);
    const scope = createScope([
      bindFactory(a, {
        label: "router/broken",
        where: "a.yaml:3:7",
        create: () => {
          throw new RangeError("no experts");
        },
      }),
      bindFactory(b, { deps: { a }, create: () => "b", label: "core.model" }),
      bindFactory(c, { deps: { b }, create: () => "c", label: "core.training" }),
    ]);
    const error = await errorOf(scope.get(c));
    assert.is(error.code, "CONTAINER_CREATE_FAILED");
    assert.is(error.summary, "router/broken failed while it was built.");
    assert.is(error.where, "a.yaml:3:7, while building core.training -> core.model -> router/broken");
    assert.is(error.received, "RangeError: no experts");
    assert.instance(error.cause, RangeError);
    assert.not.match(error.message, /\.ts:\d/);
  });

  test("keeps the code and the advice of an error that is Switchyard's own", async () => {
    const scope = createScope([
      bindFactory(numberRef, {
        create: () => Promise.reject(new SwitchyardError("PLUGIN_INVALID", "Bad.", { where: "w", next: "Do it." })),
      }),
    ]);
    const error = await errorOf(scope.get(numberRef));
    assert.equal([error.code, error.summary, error.next], ["PLUGIN_INVALID", "Bad.", "Do it."]);
    assert.is(error.where, "w, while building number");
  });

  test("builds a service anew after it failed, and keeps what had been built", async () => {
    let attempts = 0;
    let texts = 0;
    const sweep = createScope([
      bindFactory(numberRef, {
        create: async () => {
          await pause();
          if ((attempts += 1) < 3) throw new Error(`attempt ${attempts}`);
          return attempts;
        },
      }),
      bindFactory(textRef, { create: () => `t${(texts += 1)}` }),
    ]);
    const run = createScope(
      [bindFactory(lateRef, { deps: { t: textRef, n: numberRef }, create: ({ t, n }) => t + String(n) })],
      sweep,
    );
    assert.match((await errorOf(run.get(lateRef))).message, /attempt 1/);
    assert.match((await errorOf(sweep.get(numberRef))).message, /attempt 2/);
    assert.is(await run.get(lateRef), "t13");
    assert.is(texts, 1);
  });

  test("gives the same failure to all who wait for it", async () => {
    let attempts = 0;
    const scope = createScope([
      bindFactory(numberRef, {
        create: async () => {
          await pause();
          throw new Error(`attempt ${(attempts += 1)}`);
        },
      }),
      bindFactory(textRef, { deps: { n: numberRef }, create: ({ n }) => String(n) }),
    ]);
    const errors = await Promise.all([errorOf(scope.get(textRef)), errorOf(scope.get(numberRef))]);
    assert.is(attempts, 1);
    for (const error of errors) assert.match(error.message, /attempt 1/);
  });
});

suite("scope: disposal", (test) => {
  test("disposes dependents before what they depend on", async () => {
    const disposed: string[] = [];
    const { c, bindings } = chain(disposed);
    const scope = createScope(bindings);
    await scope.get(c);
    await scope.dispose();
    assert.equal(disposed, ["c", "b", "a"]);
  });

  test("disposes only what was built, and values not at all", async () => {
    const disposed: string[] = [];
    const { a, bindings } = chain(disposed);
    const scope = createScope([...bindings, bindValue(numberRef, 1)]);
    await scope.get(a);
    await scope.get(numberRef);
    await scope.dispose();
    assert.equal(disposed, ["a"]);
  });

  test("goes on when a dispose throws and reports every failure in one error", async () => {
    const disposed: string[] = [];
    const { c, bindings } = chain(disposed, ["c", "a"]);
    const scope = createScope(bindings);
    await scope.get(c);
    const error = await errorOf(scope.dispose());
    assert.equal(disposed, ["c", "b", "a"]);
    assert.is(error.code, "CONTAINER_DISPOSE_FAILED");
    assert.is(error.summary, "Freeing services failed:\n    c: c is stuck\n    a: a is stuck");
    assert.is((error.cause as AggregateError).errors.length, 2);
  });

  test("disposes once, however often it is asked", async () => {
    const disposed: string[] = [];
    const { c, bindings } = chain(disposed);
    const scope = createScope(bindings);
    await scope.get(c);
    await Promise.all([scope.dispose(), scope.dispose()]);
    await scope.dispose();
    assert.is(disposed.length, 3);
  });

  test("disposes of what was built before a dependent failed", async () => {
    const disposed: string[] = [];
    const { a } = chain([]);
    const scope = createScope([
      bindFactory(a, { create: () => "a", dispose: () => void disposed.push("a") }),
      bindFactory(textRef, {
        deps: {},
        create: () => {
          throw new Error("no");
        },
        dispose: () => void disposed.push("text"),
      }),
      bindFactory(lateRef, { deps: { a, textRef }, create: () => "", dispose: () => void disposed.push("late") }),
    ]);
    await errorOf(scope.get(lateRef));
    await scope.dispose();
    assert.equal(disposed, ["a"]);
  });

  test("waits for what is being built, then disposes of it", async () => {
    const disposed: string[] = [];
    let finish: (() => void) | undefined;
    const scope = createScope([
      bindFactory(numberRef, {
        create: async () => {
          await new Promise<void>((resolve) => (finish = resolve));
          return 1;
        },
        dispose: () => void disposed.push("number"),
      }),
      bindFactory(textRef, { deps: { n: numberRef }, create: () => "t", dispose: () => void disposed.push("text") }),
    ]);
    const text = errorOf(scope.get(textRef));
    while (finish === undefined) await pause();
    const disposal = scope.dispose();
    await pause();
    assert.equal(disposed, []);
    finish();
    await disposal;
    assert.equal(disposed, ["number"]);
    assert.is((await text).code, "CONTAINER_DISPOSED");
  });

  test("disposes of the runs below before the sweep", async () => {
    const disposed: string[] = [];
    const sweep = createScope([
      bindFactory(numberRef, { create: () => 1, dispose: () => void disposed.push("sweep") }),
    ]);
    const run = createScope(
      [
        bindFactory(lateRef, {
          deps: { n: numberRef },
          create: () => "r",
          dispose: () => {
            disposed.push("run");
            throw new Error("stuck");
          },
        }),
      ],
      sweep,
    );
    await run.get(lateRef);
    assert.match((await errorOf(sweep.dispose())).message, /late: stuck/);
    assert.equal(disposed, ["run", "sweep"]);
  });

  test("refuses services after disposal, and leaves the sweep usable after a run's", async () => {
    const sweep = createScope([bindFactory(numberRef, { create: () => 1 })]);
    const run = createScope([bindFactory(lateRef, { deps: { n: numberRef }, create: () => "r" })], sweep);
    await run.get(lateRef);
    await run.dispose();
    assert.is((await errorOf(run.get(lateRef))).code, "CONTAINER_DISPOSED");
    assert.is(await sweep.get(numberRef), 1);
  });
});
