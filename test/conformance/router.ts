/**
 * What every router must do, while training and when it is evaluated.
 *
 * Shapes: B rows, D width, E experts, S shared experts, R experts a row.
 */
import type { EncodeContext } from "../../core/model/contracts.ts";
import { createRng } from "../../core/model/rng.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
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
  checkFacts,
  moment,
  rows,
  withRouter,
  type RouterBench,
  type RouterConformanceOptions,
} from "./router-bench.ts";
import { checkDraws } from "./router-draws.ts";
import { routePermuted, rowsWithoutTies, softmaxOf } from "./routing-data.ts";
import { trainingStep } from "./training-step.ts";
import { definitionCases, expectNoLeak, factsOf, normals } from "./workbench.ts";

/**
 * @param plugin A router plugin.
 * @example for (const { name, run } of routerConformance(myRouter)) test(name, run);
 */
export function routerConformance(plugin: AnyPlugin, given: RouterConformanceOptions = {}): readonly ConformanceCase[] {
  const at =
    (...moments: readonly RouterBench["training"][]) =>
    (name: string, check: (bench: RouterBench) => Promise<void> | void): ConformanceCase => ({
      name,
      run: async () => {
        for (const training of moments) await withRouter(plugin, given, { training }, check);
      },
    });
  const always = at(undefined, moment);
  const [evaluated, training] = [at(undefined), at(moment)];
  const cases: readonly ConformanceCase[] = [
    ...definitionCases(plugin, "router"),
    {
      name: "states how many experts there are and how many a row sees",
      run: async () => {
        checkFacts(await factsOf<"router">(plugin, given));
      },
    },
    evaluated("starts its parameters at finite values that fit their shapes", checkInits),
    evaluated("starts at the same values for the same seed", checkSeed),
    always("returns int32 indices, float32 gates and probabilities of the right shapes", checkShapes),
    always("selects R different experts of E for every row", checkIndices),
    always("ends every row with the shared experts, whose gate is 1", checkShared),
    always("gives finite gates that are not negative", checkGates),
    always("gives probabilities that are not negative and sum to 1, where it has them", checkProbabilities),
    always("gives logits whose softmax are the probabilities, where it has both", checkLogits),
    always("routes the same rows the same way again and changes none of its inputs", checkPurity),
    evaluated("routes each row by itself, also when it is the only one", checkRowByRow),
    training("routes each row by itself while training", checkRowByRow),
    always("has gradients that agree with finite differences", checkGradientsOfRouting),
    evaluated("follows its parameters when the experts change places", checkPermutation),
    training("follows its parameters while training when the experts change places", checkPermutation),
    always("trains in an autoencoder, also when experts see no row", checkTraining),
    always("leaves no tensor behind", (bench) => expectNoLeak(bench.device, "route", () => void bench.route())),
    ...(given.draws === true
      ? [{ name: "draws anew at another step, from the run's seed alone", run: () => checkDraws(plugin, given) }]
      : []),
  ];
  return withoutSkipped(cases, given.skip);
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
  for (const name of ["probabilities", "logits"] as const) {
    const found = shapes[name];
    if (found === undefined) continue;
    expect(types[name] === "float32", `type of ${name}_BE`, "float32", types[name]);
    expectShape(`${name}_BE`, found, [rows, shape.experts - shape.sharedExperts]);
  }
}

function checkIndices({ shape, route }: RouterBench): void {
  for (const [row, chosen] of route().indices.entries()) {
    for (const index of chosen) {
      expect(index >= 0 && index < shape.experts, `expert of row ${row}`, `0 to ${shape.experts - 1}`, index);
    }
    expect(new Set(chosen).size === chosen.length, `experts of row ${row}`, "all different", chosen);
  }
}

function checkShared({ shape: { experts, selectedExperts, sharedExperts }, route }: RouterBench): void {
  const routed = experts - sharedExperts;
  const { indices, gates } = route();
  for (const [row, chosen] of indices.entries()) {
    for (const [slot, index] of chosen.slice(0, selectedExperts - sharedExperts).entries()) {
      expect(index < routed, `chosen expert ${slot} of row ${row}`, `one that is not shared, below ${routed}`, index);
    }
    const last = Array.from({ length: sharedExperts }, (_unused, s) => routed + s);
    const received = chosen.slice(selectedExperts - sharedExperts);
    expect(received.join() === last.join(), `last experts of row ${row}`, last.join(), received.join());
    const ones = last.map(() => 1);
    expectClose(`gates of the shared experts of row ${row}`, gates[row]!.slice(selectedExperts - sharedExperts), ones);
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

function checkLogits({ route }: RouterBench): void {
  const { logits, probabilities } = route();
  for (const [row, values] of (logits ?? []).entries()) {
    expectFinite(`logits of row ${row}`, values);
    if (probabilities === undefined) continue;
    expectClose(`probabilities of row ${row}`, probabilities[row]!, softmaxOf(values), { atol: 1e-5, rtol: 1e-4 });
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

/** The first ones, so that more rows after them change nothing; later ones, so that their position does not either. */
function checkRowByRow({ route }: RouterBench): void {
  const all = route();
  for (const { from, count } of [
    { from: 0, count: 1 },
    { from: 0, count: 3 },
    { from: 5, count: 1 },
    { from: 7, count: 12 },
  ]) {
    const few = route({ from, count });
    for (let row = 0; row < count; row += 1) {
      const [expected, received] = [all.indices[from + row]!, few.indices[row]!];
      const where = `row ${from + row} in a batch of ${count}`;
      expect(
        expected.join() === received.join(),
        `experts of ${where}`,
        `as in one of ${rows}: ${expected.join()}`,
        received.join(),
      );
      expectClose(`gates of ${where}`, few.gates[row]!, all.gates[from + row]!);
    }
  }
}

function checkGradientsOfRouting({ router, device, parameters, acts_BD, training }: RouterBench): void {
  const stream = createRng(11).stream("coefficients");
  const coefficients: Float32Array[] = [];
  const compute = () => {
    // Few rows, because each brings its kinks.
    const few_BD = device.tf.slice(acts_BD, [0, 0], [6, acts_BD.shape[1]]);
    const { gates_BR, probabilities_BE, logits_BE } = router.route(few_BD, parameters, training);
    const values = [gates_BR, probabilities_BE, logits_BE].filter((value) => value !== undefined);
    if (coefficients.length === 0) coefficients.push(...values.map((value) => normals(stream, value.size)));
    return { values, coefficients };
  };
  const variables = Object.fromEntries(Object.entries(parameters).filter(([, { trainable }]) => trainable));
  checkGradients({ device, variables, compute, stream });
}

/** Rows of every [E - S, ...] parameter belong to the experts: moving them moves the choice, and nothing else. */
function checkPermutation(bench: RouterBench): void {
  const { inits, shape } = bench;
  const routed = shape.experts - shape.sharedExperts;
  const owned = Object.entries(inits).filter(([, init]) => init.shape[0] === routed);
  if (routed === 1 || owned.length === 0) return;
  // Expert e of the permuted router is expert order[e] of the original; shared ones stay.
  const order = Array.from({ length: routed }, (_unused, e) => (e + 1) % routed);
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
    const received = permuted.indices[row]!.map((e) => order[e] ?? e)
      .sort()
      .join();
    expect(expected === received, `experts of row ${row}, taken back`, expected, received);
  }
}

async function checkTraining({ router, device, shape, training }: RouterBench): Promise<void> {
  const expert = { encode: (context: EncodeContext) => context.topK(3) };
  for (const batch of [1, 2, 9]) await trainingStep({ device, shape, router, expert, rows: batch, training });
}
