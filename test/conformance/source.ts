/**
 * What every source must do. Harvesting may be slow, so one instance serves all cases; the last one disposes of it.
 *
 * Shapes: N rows, D width.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bindFactory, bindValue } from "../../core/container/binding.ts";
import { createScope, type Scope } from "../../core/container/scope.ts";
import type { ActivationSource, LanguageModelProbe, RowStore, SpliceEffect } from "../../core/data/contracts.ts";
import { createRng } from "../../core/model/rng.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import { defineService } from "../../core/plugin/service.ts";
import * as services from "../../core/services.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { expect, expectClose, expectFinite, withoutSkipped, type ConformanceCase } from "./conformance-case.ts";
import { exampleOptions } from "./example-options.ts";
import { definitionCases, factsOf, openCpuDevice, type ConformanceOptions } from "./workbench.ts";

export interface SourceConformanceOptions extends ConformanceOptions {
  /** Other options that lead to other rows: each of these must change the fingerprint. */
  readonly different?: readonly Readonly<Record<string, unknown>>[];
}

/** Rows looked at where a source has more. */
const maxRows = 512;

const pluginRef = defineService<ActivationSource>("conformance.source", "sweep");

interface OpenSource {
  readonly source: ActivationSource;
  readonly device: Device;
  readonly scope: Scope;
  readonly folder: string;
}

/**
 * @param plugin A source plugin.
 * @param given Most sources need `options`, and files for them.
 */
export function sourceConformance(plugin: AnyPlugin, given: SourceConformanceOptions = {}): readonly ConformanceCase[] {
  let opened: Promise<OpenSource> | undefined;
  const on = (name: string, check: (open: OpenSource) => Promise<void>): ConformanceCase => ({
    name,
    run: async () => {
      opened ??= openSource(plugin, given);
      await check(await opened);
    },
  });
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "source"),
    { name: "states the same facts every time, with a fingerprint", run: () => checkFacts(plugin, given) },
    { name: "has another fingerprint under other options", run: () => checkFingerprint(plugin, given) },
    on("has the width that it states, in all its rows", async ({ source }) => {
      const { width } = await factsOf<"source">(plugin, given);
      for (const [what, received] of Object.entries({
        source: source.width,
        train: source.train.width,
        heldOut: source.heldOut.width,
      })) {
        expect(received === width, `width of ${what}`, `${width} as in facts`, received);
      }
    }),
    on("has rows to train on and held-out rows", ({ source }) => {
      for (const [what, { numRows }] of stores(source)) {
        expect(Number.isInteger(numRows) && numRows > 0, `rows of ${what}`, "a whole number above 0", numRows);
      }
      return Promise.resolve();
    }),
    on("has finite rows that differ", async ({ source }) => {
      for (const [what, store] of stores(source)) {
        const rows = await readRows(store, 0, Math.min(store.numRows, maxRows));
        expectFinite(what, rows);
        const first = rows.slice(0, store.width).join();
        const differs =
          store.numRows === 1 || rows.slice(store.width).some((_unused, i) => rows[i] !== rows[i + store.width]);
        expect(differs, `rows of ${what}`, "different rows", `only copies of ${first}`);
      }
    }),
    on("reads any range, in any order, as it reads them in sequence", async ({ source }) => {
      for (const [what, store] of stores(source)) await checkRandomAccess(what, store);
    }),
    on("writes only what was asked for", async ({ source: { train, width } }) => {
      const into = new Float32Array(3 * width).fill(77);
      await train.read(0, 1, into);
      expectClose("the rest of the array", into.slice(width), new Float32Array(2 * width).fill(77), {
        atol: 0,
        rtol: 0,
      });
    }),
    on("refuses rows that it does not have", async ({ source }) => {
      for (const [what, store] of stores(source)) await checkRange(what, store);
    }),
    on("keeps held-out rows out of training", ({ source }) => checkDisjoint(source)),
    on("gives the same rows when it is opened again", async ({ source }) => {
      const again = await openSource(plugin, given);
      try {
        for (const [i, [what, store]] of stores(source).entries()) {
          const other = stores(again.source)[i]![1];
          expect(other.numRows === store.numRows, `rows of ${what}`, `${store.numRows}`, other.numRows);
          const count = Math.min(store.numRows, maxRows);
          expectClose(what, await readRows(other, 0, count), await readRows(store, 0, count), { atol: 0, rtol: 0 });
        }
      } finally {
        await closeSource(again);
      }
    }),
    on("has a language model whose splices mean what they say, where it has one", async ({ source, device }) => {
      if (source.languageModel !== undefined) await checkLanguageModel(source.languageModel, device);
    }),
    on("has unit directions as ground truth, where it has one", ({ source: { groundTruth, width } }) => {
      if (groundTruth === undefined) return Promise.resolve();
      const { directions, numFeatures } = groundTruth;
      expect(
        directions.length === numFeatures * width,
        "numbers of directions",
        `${numFeatures * width}`,
        directions.length,
      );
      const norms = Array.from({ length: numFeatures }, (_unused, g) =>
        Math.hypot(...directions.slice(g * width, (g + 1) * width)),
      );
      expectClose(
        "norms of directions",
        norms,
        norms.map(() => 1),
        { atol: 1e-4 },
      );
      return Promise.resolve();
    }),
    on("can be disposed of", (open) => closeSource(open)),
  ];
  return withoutSkipped(cases, given.skip);
}

async function openSource(plugin: AnyPlugin, given: ConformanceOptions): Promise<OpenSource> {
  const folder = await mkdtemp(join(tmpdir(), "switchyard-conformance-"));
  const device = await openCpuDevice();
  const options = exampleOptions(plugin.options, given.options);
  const scope = createScope([
    bindValue(services.deviceRef, device),
    bindValue(services.tensorFlowRef, device.tf),
    bindValue(services.kernelsRef, device.kernels),
    bindValue(services.pathsRef, { projectFolder: given.projectFolder ?? process.cwd(), cacheFolder: folder }),
    bindValue(services.sourceProgressRef, () => undefined),
    bindValue(services.threadsRef, 1),
    ...(given.bindings ?? []),
    bindFactory(pluginRef, {
      deps: plugin.deps ?? {},
      create: (deps) => plugin.create(options as never, deps as never) as ActivationSource,
      dispose: (instance) => plugin.dispose?.(instance as never),
      label: `source/${plugin.name}`,
    }),
  ]);
  return { source: await scope.get(pluginRef), device, scope, folder };
}

async function closeSource({ scope, folder }: OpenSource): Promise<void> {
  await scope.dispose();
  await rm(folder, { recursive: true, force: true });
}

function stores({ train, heldOut }: ActivationSource): readonly (readonly [string, RowStore])[] {
  return [
    ["train", train],
    ["held-out", heldOut],
  ];
}

async function readRows(store: RowStore, start: number, count: number): Promise<Float32Array> {
  const into = new Float32Array(count * store.width);
  await store.read(start, count, into);
  return into;
}

async function checkFacts(plugin: AnyPlugin, given: ConformanceOptions): Promise<void> {
  const [first, second] = [await factsOf<"source">(plugin, given), await factsOf<"source">(plugin, given)];
  expect(Number.isInteger(first.width) && first.width > 0, "facts.width", "a whole number above 0", first.width);
  expect(
    /^[0-9a-f]{8,}$/.test(first.fingerprint),
    "facts.fingerprint",
    "hexadecimal digits, at least 8",
    first.fingerprint,
  );
  expect(first.description.trim() !== "", "facts.description", "a few words", first.description);
  expect(JSON.stringify(first) === JSON.stringify(second), "the facts asked for again", JSON.stringify(first), second);
}

async function checkFingerprint(plugin: AnyPlugin, given: SourceConformanceOptions): Promise<void> {
  const { fingerprint } = await factsOf<"source">(plugin, given);
  for (const change of given.different ?? []) {
    const options = { ...given.options, ...change };
    const other = await factsOf<"source">(plugin, { ...given, options });
    expect(other.fingerprint !== fingerprint, `fingerprint under ${JSON.stringify(change)}`, "another", "the same");
  }
}

async function checkRandomAccess(what: string, store: RowStore): Promise<void> {
  const count = Math.min(store.numRows, maxRows);
  const sequence = await readRows(store, 0, count);
  const stream = createRng(29).stream("ranges");
  for (let i = 0; i < 12; i += 1) {
    const start = stream.integer(count);
    const length = 1 + stream.integer(count - start);
    const expected = sequence.slice(start * store.width, (start + length) * store.width);
    expectClose(`rows ${start} to ${start + length} of ${what}`, await readRows(store, start, length), expected, {
      atol: 0,
      rtol: 0,
    });
  }
  await readRows(store, store.numRows - 1, 1);
}

async function checkRange(what: string, store: RowStore): Promise<void> {
  for (const [start, count] of [
    [store.numRows, 1],
    [store.numRows - 1, 2],
    [-1, 1],
  ] as const) {
    const refused = await store.read(start, count, new Float32Array(Math.max(count, 2) * store.width)).then(
      () => false,
      (error: unknown) => error instanceof Error,
    );
    expect(refused, `reading rows ${start} to ${start + count} of ${store.numRows} of ${what}`, "an error", "rows");
  }
}

/** Rows may repeat by chance (two texts that begin alike, rows of zeros), so a few equal ones are let pass. */
async function checkDisjoint({ train, heldOut }: ActivationSource): Promise<void> {
  const trained = new Set<string>();
  for (let start = 0; start < Math.min(train.numRows, 40 * maxRows); start += maxRows) {
    const count = Math.min(maxRows, train.numRows - start);
    for (const row of split(await readRows(train, start, count), train.width)) trained.add(row);
  }
  trained.delete(new Float32Array(train.width).join());
  const held = split(await readRows(heldOut, 0, Math.min(heldOut.numRows, maxRows)), heldOut.width);
  const both = held.filter((row) => trained.has(row)).length;
  expect(
    both <= 0.02 * held.length,
    "held-out rows that are trained on too",
    "none, or 2 % by chance",
    `${both} of ${held.length}`,
  );
}

function split(rows: Float32Array, width: number): readonly string[] {
  return Array.from({ length: rows.length / width }, (_unused, i) => rows.slice(i * width, (i + 1) * width).join());
}

async function checkLanguageModel(probe: LanguageModelProbe, { tf }: Device): Promise<void> {
  const contexts = Math.min(2, probe.numContexts);
  expect(contexts > 0, "held-out contexts", "some", probe.numContexts);
  const { numTokens, originalNats, effects } = await probe.measure(
    [
      { kind: "replace", replace: (acts_ND) => tf.add(acts_ND, 0) },
      { kind: "zero" },
      { kind: "replace", replace: (acts_ND) => tf.mul(acts_ND, 0) },
    ],
    contexts,
  );
  expect(effects.length === 3, "effects of 3 splices", "3", effects.length);
  const [identity, zero, zeros] = effects as readonly [SpliceEffect, SpliceEffect, SpliceEffect];
  expect(Number.isFinite(originalNats) && originalNats > 0, "cross-entropy", "finite, above 0", String(originalNats));
  expect(numTokens > 0, "tokens", "some", numTokens);
  expectClose("cross-entropy with activations replaced by themselves", [identity.nats], [originalNats], { rtol: 1e-4 });
  expectClose("divergence with activations replaced by themselves", [identity.kl], [0], { atol: 1e-4 });
  expectClose("cross-entropy with activations replaced by zeros", [zeros.nats], [zero.nats], { rtol: 1e-4 });
  expectClose("divergence with activations replaced by zeros", [zeros.kl], [zero.kl], { atol: 1e-4, rtol: 1e-4 });
  expect(zero.kl > 0, "divergence with zeros", "above 0", String(zero.kl));
}
