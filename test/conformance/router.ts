/**
 * What every router must do. Shapes: B rows, D width, E experts, R experts a row.
 */
import type * as tf from "@tensorflow/tfjs";
import type { ModelShape, NamedTensors, ParameterInit, Router, RouterFacts } from "../../core/model/contracts.ts";
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
import { readRouting, routePermuted, rowsWithoutTies, type RoutingData } from "./routing-data.ts";
import { trainingStep } from "./training-step.ts";
import {
  definitionCases,
  expectNoLeak,
  factsOf,
  normals,
  shapeFor,
  withPlugin,
  type ConformanceOptions,
} from "./workbench.ts";

const rows = 24;

/** A router with parameters and a batch. */
interface RouterBench {
  readonly router: Router;
  readonly shape: ModelShape;
  readonly device: Device;
  readonly inits: Readonly<Record<string, ParameterInit>>;
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  readonly acts_BD: tf.Tensor2D;
  /** Routes the first `count` rows (all when left out) and reads the result. */
  readonly route: (count?: number, parameters?: NamedTensors) => RoutingData;
}

/**
 * @param plugin A router plugin.
 * @example for (const { name, run } of routerConformance(myRouter)) test(name, run);
 */
export function routerConformance(plugin: AnyPlugin, given: ConformanceOptions = {}): readonly ConformanceCase[] {
  const on = (name: string, check: (bench: RouterBench) => Promise<void> | void): ConformanceCase => ({
    name,
    run: () => withRouter(plugin, given, check),
  });
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "router"),
    {
      name: "states how many experts there are and how many a row sees",
      run: async () => {
        checkFacts(await factsOf<"router">(plugin, given));
      },
    },
    on("starts its parameters at finite values that fit their shapes", checkInits),
    on("starts at the same values for the same seed", checkSeed),
    on("returns int32 indices, float32 gates and probabilities of the right shapes", checkShapes),
    on("selects R different experts of E for every row", checkIndices),
    on("gives finite gates that are not negative", checkGates),
    on("gives probabilities that are not negative and sum to 1, where it has them", checkProbabilities),
    on("routes the same rows the same way again and changes none of its inputs", checkPurity),
    on("routes each row by itself, also when it is the only one", checkRowByRow),
    on("has gradients that agree with finite differences", checkGradientsOfGates),
    on("follows its parameters when the experts change places", checkPermutation),
    on("trains in an autoencoder, also when experts see no row", checkTraining),
    on("leaves no tensor behind", (bench) => expectNoLeak(bench.device, "route", () => void bench.route())),
  ];
  return withoutSkipped(cases, given.skip);
}

async function withRouter(
  plugin: AnyPlugin,
  given: ConformanceOptions,
  check: (bench: RouterBench) => Promise<void> | void,
): Promise<void> {
  const facts = await factsOf<"router">(plugin, given);
  checkFacts(facts);
  await withPlugin<"router">(plugin, given, { shape: shapeFor(facts) }, async ({ instance: router, device, shape }) => {
    const { tf } = device;
    const rng = createRng(7);
    const inits = router.initialise(shape, rng);
    const stream = rng.stream("conformance");
    const parameters = Object.fromEntries(
      Object.entries(inits).map(([name, init]) => {
        // Moved off their start, where zeros would hide what depends on them.
        const noise = normals(stream, init.values.length, 0.1);
        return [
          name,
          tf.variable(
            tf.tensor(
              init.values.map((value, i) => value + noise[i]!),
              [...init.shape],
            ),
          ),
        ];
      }),
    );
    const acts_BD = tf.tensor2d(normals(stream, rows * shape.width), [rows, shape.width]);
    const route = (count = rows, named: NamedTensors = parameters): RoutingData => {
      const routed: RoutingData[] = [];
      tf.tidy(() => {
        const batch_BD = tf.slice(acts_BD, [0, 0], [count, shape.width]);
        routed.push(readRouting(router.route(batch_BD, named)));
      });
      return routed[0]!;
    };
    try {
      await check({ router, shape, device, inits, parameters, acts_BD, route });
    } finally {
      tf.dispose([acts_BD, ...Object.values(parameters)]);
    }
  });
}

function checkFacts({ numExperts, numSelected }: RouterFacts): void {
  expect(Number.isInteger(numExperts) && numExperts >= 1, "facts.numExperts", "a whole number from 1", numExperts);
  const isCount = Number.isInteger(numSelected) && numSelected >= 1 && numSelected <= numExperts;
  expect(isCount, "facts.numSelected", `a whole number from 1 to ${numExperts}`, numSelected);
}

function checkInits({ inits }: RouterBench): void {
  for (const [name, { shape, values }] of Object.entries(inits)) {
    const size = shape.reduce((product, length) => product * length, 1);
    expect(values.length === size, `values of ${name}`, `${size} for shape [${shape.join(", ")}]`, values.length);
    expectFinite(`initial ${name}`, values);
  }
}

function checkSeed({ router, shape }: RouterBench): void {
  const [first, second] = [router.initialise(shape, createRng(3)), router.initialise(shape, createRng(3))];
  expect(
    Object.keys(first).join() === Object.keys(second).join(),
    "names",
    Object.keys(first).join(),
    Object.keys(second).join(),
  );
  for (const [name, { values }] of Object.entries(first)) {
    expectClose(`initial ${name}`, second[name]!.values, values, { atol: 0, rtol: 0 });
  }
}

function checkShapes({ shape, route }: RouterBench): void {
  const { types, shapes } = route();
  expect(types.indices === "int32", "type of expertIndices_BR", "int32", types.indices);
  expect(types.gates === "float32", "type of gates_BR", "float32", types.gates);
  expectShape("expertIndices_BR", shapes.indices, [rows, shape.selectedExperts]);
  expectShape("gates_BR", shapes.gates, [rows, shape.selectedExperts]);
  if (shapes.probabilities === undefined) return;
  expect(types.probabilities === "float32", "type of probabilities_BE", "float32", types.probabilities);
  expectShape("probabilities_BE", shapes.probabilities, [rows, shape.experts]);
}

function checkIndices({ shape, route }: RouterBench): void {
  for (const [row, chosen] of route().indices.entries()) {
    for (const index of chosen) {
      expect(index >= 0 && index < shape.experts, `expert of row ${row}`, `0 to ${shape.experts - 1}`, index);
    }
    expect(new Set(chosen).size === chosen.length, `experts of row ${row}`, "all different", chosen);
  }
}

function checkGates({ route }: RouterBench): void {
  for (const [row, gates] of route().gates.entries()) {
    expectFinite(`gates of row ${row}`, gates);
    for (const gate of gates) expect(gate >= 0, `gate of row ${row}`, "0 or more", gate);
  }
}

function checkProbabilities({ route }: RouterBench): void {
  for (const [row, probabilities] of (route().probabilities ?? []).entries()) {
    expectFinite(`probabilities of row ${row}`, probabilities);
    for (const p of probabilities) expect(p >= 0, `probability of row ${row}`, "0 or more", p);
    expectClose(`sum of the probabilities of row ${row}`, [probabilities.reduce((sum, p) => sum + p, 0)], [1], {
      atol: 1e-5,
    });
  }
}

function checkPurity({ acts_BD, parameters, route }: RouterBench): void {
  const inputs = [acts_BD, ...Object.values(parameters)];
  const before = inputs.map((tensor) => Float32Array.from(tensor.dataSync()));
  const [first, second] = [route(), route()];
  expect(JSON.stringify(first) === JSON.stringify(second), "the second routing", "the first one's numbers", "others");
  for (const [i, tensor] of inputs.entries()) {
    expectClose("an input after routing", Float32Array.from(tensor.dataSync()), before[i]!, { atol: 0, rtol: 0 });
  }
}

function checkRowByRow({ route }: RouterBench): void {
  const all = route();
  for (const count of [1, 3]) {
    const few = route(count);
    for (let row = 0; row < count; row += 1) {
      const [expected, received] = [all.indices[row]!, few.indices[row]!];
      expect(
        expected.join() === received.join(),
        `experts of row ${row} in a batch of ${count}`,
        `as in one of ${rows}: ${expected.join()}`,
        received.join(),
      );
      expectClose(`gates of row ${row} in a batch of ${count}`, few.gates[row]!, all.gates[row]!);
    }
  }
}

function checkGradientsOfGates({ router, device, parameters, acts_BD }: RouterBench): void {
  const stream = createRng(11).stream("coefficients");
  const coefficients: Float32Array[] = [];
  const compute = () => {
    // Few rows, because each brings its kinks.
    const few_BD = device.tf.slice(acts_BD, [0, 0], [6, acts_BD.shape[1]]);
    const { gates_BR, probabilities_BE } = router.route(few_BD, parameters);
    const values = probabilities_BE === undefined ? [gates_BR] : [gates_BR, probabilities_BE];
    if (coefficients.length === 0) coefficients.push(...values.map((value) => normals(stream, value.size)));
    return { values, coefficients };
  };
  checkGradients({ device, variables: parameters, compute, stream });
}

/** Rows of every [E, ...] parameter belong to the experts: moving them moves the choice, and nothing else. */
function checkPermutation(bench: RouterBench): void {
  const { inits, shape } = bench;
  const owned = Object.entries(inits).filter(([, init]) => init.shape[0] === shape.experts);
  if (shape.experts === 1 || owned.length === 0) return;
  // Expert e of the permuted router is expert order[e] of the original.
  const order = Array.from({ length: shape.experts }, (_unused, e) => (e + 1) % shape.experts);
  const permuted = routePermuted(
    bench,
    order,
    owned.map(([name]) => name),
  );
  const original = bench.route();
  const decided = rowsWithoutTies(original);
  for (const [row, chosen] of original.indices.entries()) {
    const sorted = (gates: readonly number[]): readonly number[] => [...gates].sort((a, b) => a - b);
    expectClose(`sorted gates of row ${row}`, sorted(permuted.gates[row]!), sorted(original.gates[row]!));
    if (!decided.includes(row)) continue;
    const expected = [...chosen].sort().join();
    const received = permuted.indices[row]!.map((e) => order[e]!)
      .sort()
      .join();
    expect(expected === received, `experts of row ${row}, taken back`, expected, received);
  }
}

async function checkTraining({ router, device, shape }: RouterBench): Promise<void> {
  for (const batch of [1, 2, 9]) {
    await trainingStep({ device, shape, router, expert: { encode: (context) => context.topK(3) }, rows: batch });
  }
}
