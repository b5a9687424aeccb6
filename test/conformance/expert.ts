/**
 * What every expert must do, with one expert and with several.
 *
 * Shapes: B rows, F features, E experts, M features an expert, R experts a row, K active features a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type { Code, Expert, ExpertFacts, ModelShape, Router, TrainingMoment } from "../../core/model/contracts.ts";
import { createRng } from "../../core/model/rng.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import type { Device } from "../../kernels/devices/device.ts";
import {
  expect,
  expectClose,
  expectFinite,
  expectShape,
  withoutSkipped,
  type ConformanceCase,
} from "./conformance-case.ts";
import { checkGradients } from "./finite-differences.ts";
import {
  denseCode,
  makeBatch,
  plainShape,
  readCode,
  routedShape,
  valuesOf,
  type CodeEntry,
  type MadeUpBatch,
} from "./made-up-batch.ts";
import { trainingStep } from "./training-step.ts";
import { definitionCases, expectNoLeak, factsOf, withPlugin, type ConformanceOptions } from "./workbench.ts";

const rows = 12;
const moment: TrainingMoment = { step: 3, totalSteps: 10 };

export interface ExpertConformanceOptions extends ConformanceOptions {
  /** Parameters of the expert whose gradient is a stand-in (straight-through), which finite differences cannot confirm. */
  readonly straightThrough?: readonly string[];
}

interface ExpertBench {
  readonly expert: Expert;
  readonly facts: ExpertFacts;
  readonly device: Device;
  readonly shape: ModelShape;
  readonly batch: MadeUpBatch;
  /** The expert's own, by local name. */
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  /** Absent: the model is evaluated. */
  readonly training: TrainingMoment | undefined;
  readonly straightThrough: readonly string[];
  /** Encodes a batch (the bench's own when left out) and reads the code with `read`. */
  readonly encode: <T>(read: (code: Code) => T, batch?: MadeUpBatch) => T;
}

/**
 * @param plugin An expert plugin.
 * @example for (const { name, run } of expertConformance(myExpert)) test(name, run);
 */
export function expertConformance(plugin: AnyPlugin, given: ExpertConformanceOptions = {}): readonly ConformanceCase[] {
  const on = (name: string, check: (bench: ExpertBench) => Promise<void> | void): ConformanceCase => ({
    name,
    run: async () => {
      for (const shape of [plainShape, routedShape]) {
        for (const training of [undefined, moment]) await withExpert(plugin, given, { shape, training }, check);
      }
    },
  });
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "expert"),
    { name: "states a whole number of active features, where it fixes one", run: () => checkFacts(plugin, given) },
    on("returns a code of the right shapes and types", checkShapes),
    on("has different features in rising order in each row of a sparse code", checkOrder),
    on("has features of the row's own experts only", checkBlocks),
    on("has finite values", checkFinite),
    on("has no more active features in a row than it states", checkActiveFeatures),
    on("multiplies the code by the gates", checkGates),
    on("has gradients that agree with finite differences", checkGradientsOfCode),
    on("gives the same code when the experts change places", checkPermutation),
    on("encodes the same rows the same way again", checkPurity),
    on("trains in an autoencoder, also when experts see no row", checkTraining),
    on("leaves no tensor behind", ({ device, encode }) =>
      expectNoLeak(device, "encode", () => {
        encode(() => undefined);
      }),
    ),
  ];
  return withoutSkipped(cases, given.skip);
}

async function withExpert(
  plugin: AnyPlugin,
  given: ExpertConformanceOptions,
  { shape, training }: { readonly shape: ModelShape; readonly training: TrainingMoment | undefined },
  check: (bench: ExpertBench) => Promise<void> | void,
): Promise<void> {
  await withPlugin<"expert">(plugin, given, { shape }, async ({ instance: expert, facts, device }) => {
    const batch = makeBatch(device, shape, rows);
    const parameters = createOwnParameters(device, expert, shape);
    const encode = <T>(read: (code: Code) => T, used: MadeUpBatch = batch): T => {
      const results: T[] = [];
      device.tf.tidy(() => {
        results.push(read(expert.encode(used.context(parameters, training))));
      });
      return results[0] as T; // pushed just above
    };
    try {
      const { straightThrough = [] } = given;
      await check({ expert, facts, device, shape, batch, parameters, training, straightThrough, encode });
    } finally {
      device.tf.dispose(Object.values(parameters));
      batch.dispose();
    }
  });
}

function createOwnParameters({ tf }: Device, expert: Expert, shape: ModelShape): Record<string, tf.Variable> {
  const inits = Object.entries(expert.initialise?.(shape, createRng(29)) ?? {});
  return Object.fromEntries(
    inits.map(([name, init]) => {
      const start = tf.tensor(init.values.slice(), [...init.shape]);
      const variable = tf.variable(start, init.trainable !== false);
      start.dispose();
      return [name, variable];
    }),
  );
}

async function checkFacts(plugin: AnyPlugin, given: ConformanceOptions): Promise<void> {
  const { activeFeatures, meanActiveFeatures } = await factsOf<"expert">(plugin, given);
  const isRight = activeFeatures === undefined || (Number.isInteger(activeFeatures) && activeFeatures >= 1);
  expect(isRight, "facts.activeFeatures", "a whole number from 1, or none", activeFeatures);
  const isMean = meanActiveFeatures === undefined || meanActiveFeatures > 0;
  expect(isMean, "facts.meanActiveFeatures", "a positive number, or none", meanActiveFeatures);
}

function checkShapes({ encode, facts, shape, training }: ExpertBench): void {
  encode((code) => {
    if (code.kind === "sparse") {
      const active = code.indices_BK.shape[1];
      expect(code.indices_BK.dtype === "int32", "type of indices_BK", "int32", code.indices_BK.dtype);
      expect(code.values_BK.dtype === "float32", "type of values_BK", "float32", code.values_BK.dtype);
      expectShape("indices_BK", code.indices_BK.shape, [rows, statedFeatures(training, facts) ?? active]);
      expectShape("values_BK", code.values_BK.shape, [rows, active]);
    } else {
      expect(code.expertIndices_BR.dtype === "int32", "type of expertIndices_BR", "int32", code.expertIndices_BR.dtype);
      expectShape("expertIndices_BR", code.expertIndices_BR.shape, [rows, shape.selectedExperts]);
      expectShape("values_BRM", code.values_BRM.shape, [rows, shape.selectedExperts, shape.featuresPerExpert]);
    }
  });
}

function checkOrder({ encode, shape }: ExpertBench): void {
  encode((code) => {
    if (code.kind === "block") return;
    let previous: CodeEntry | undefined;
    for (const entry of readCode(code, shape)) {
      if (previous?.row === entry.row) {
        expect(
          entry.feature > previous.feature,
          `feature of row ${entry.row}`,
          `more than ${previous.feature}`,
          entry.feature,
        );
      }
      previous = entry;
    }
  });
}

function checkBlocks({ encode, shape, batch }: ExpertBench): void {
  const chosen = batch.expertIndices_BR.dataSync();
  encode((code) => {
    for (const { row, feature } of readCode(code, shape)) {
      const own = [...chosen.slice(row * shape.selectedExperts, (row + 1) * shape.selectedExperts)];
      const expert = Math.floor(feature / shape.featuresPerExpert);
      expect(own.includes(expert), `expert of feature ${feature} in row ${row}`, `one of ${own.join(", ")}`, expert);
    }
  });
}

function checkFinite({ encode }: ExpertBench): void {
  encode((code) => {
    expectFinite("the code", valuesOf(code).dataSync());
  });
}

/** While training an expert may anneal from more. */
function statedFeatures(training: TrainingMoment | undefined, { activeFeatures }: ExpertFacts): number | undefined {
  return training === undefined ? activeFeatures : undefined;
}

function checkActiveFeatures({ encode, shape, facts, training }: ExpertBench): void {
  const activeFeatures = statedFeatures(training, facts);
  if (activeFeatures === undefined) return;
  encode((code) => {
    const active = new Array<number>(rows).fill(0);
    for (const { row, value } of readCode(code, shape)) if (value !== 0) active[row]! += 1;
    for (const [row, count] of active.entries()) {
      expect(count <= activeFeatures, `active features of row ${row}`, `at most ${activeFeatures}`, count);
    }
  });
}

/** Twice the gates, twice the code: scaling all of them alike changes no selection. */
function checkGates({ device: { tf }, encode, shape, batch }: ExpertBench): void {
  const read = (code: Code): Float64Array => denseCode(readCode(code, shape), rows, shape);
  const single = encode(read);
  tf.tidy(() => {
    batch.gates_BR.assign(tf.mul(batch.gates_BR, 2));
  });
  expectClose(
    "the code under doubled gates",
    encode(read),
    single.map((value) => 2 * value),
  );
  expect(
    single.some((value) => value !== 0),
    "the code",
    "some active feature",
    "none",
  );
}

function checkGradientsOfCode(bench: ExpertBench): void {
  const { device, encode, expert, shape, batch, parameters, training, straightThrough } = bench;
  const stream = createRng(17).stream("coefficients");
  const weights_BF = Float32Array.from({ length: rows * shape.features }, () => stream.normal());
  encode(() => undefined);
  const compute = () => {
    const code = expert.encode(batch.context(parameters, training));
    const entries = readCode(code, shape);
    const coefficients = Float32Array.from(entries, ({ row, feature }) => weights_BF[row * shape.features + feature]!);
    return { values: [valuesOf(code)], coefficients: [coefficients] };
  };
  const own = Object.entries(parameters).filter(
    ([name, variable]) => variable.trainable && !straightThrough.includes(name),
  );
  const variables = {
    ...Object.fromEntries(own),
    encoder: batch.encoder_FD,
    encoder_bias: batch.encoderBias_F,
    gates: batch.gates_BR,
  };
  checkGradients({ device, variables, compute, stream });
}

function checkPermutation({ device, encode, shape, batch }: ExpertBench): void {
  if (shape.experts === 1) return;
  const order = Array.from({ length: shape.experts }, (_unused, e) => (e + 1) % shape.experts);
  const permuted = makeBatch(device, shape, rows, order);
  try {
    const original = denseCode(
      encode((code) => readCode(code, shape), batch),
      rows,
      shape,
    );
    const takenBack = encode((code) => readCode(code, shape), permuted).map((entry) => {
      const expert = Math.floor(entry.feature / shape.featuresPerExpert);
      const feature = order[expert]! * shape.featuresPerExpert + (entry.feature % shape.featuresPerExpert);
      return { ...entry, feature };
    });
    expectClose("the code, taken back", denseCode(takenBack, rows, shape), original);
  } finally {
    permuted.dispose();
  }
}

function checkPurity({ encode, shape }: ExpertBench): void {
  const read = (code: Code): string => JSON.stringify(readCode(code, shape));
  expect(encode(read) === encode(read), "the second code", "the first one's numbers", "others");
}

async function checkTraining({ device, shape, expert }: ExpertBench): Promise<void> {
  const { tf } = device;
  const router: Router = {
    initialise: () => ({}),
    route: (acts_BD) => {
      const batch = acts_BD.shape[0];
      const chosen = Array.from({ length: batch }, () =>
        Array.from({ length: shape.selectedExperts }, (_unused, r) => r),
      );
      return {
        expertIndices_BR: tf.tensor2d(chosen, [batch, shape.selectedExperts], "int32"),
        gates_BR: tf.ones([batch, shape.selectedExperts]),
      };
    },
  };
  for (const batch of [1, 5]) await trainingStep({ device, shape, router, expert, rows: batch });
}
