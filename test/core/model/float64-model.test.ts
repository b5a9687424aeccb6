/** Every router and expert against the equations in float64, on batches that divide by nothing. */
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { PluginChoice } from "../../../core/config/config.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { loadBalance } from "../../../plugins/loss/load-balance.ts";
import { lossInput } from "../../plugins/loss/loss-input.ts";
import { suite } from "../../suite.ts";
import { buildPlugin } from "./build-plugin.ts";
import { experts, features, makeStirred, moment, routers, valuesOf, width } from "./every-choice.ts";
import { float64Forward, float64Gradient, float64Routing, type Float64Input } from "./float64-model.ts";
import { normalRows } from "./make-model.ts";

/** A straight-through gradient is no derivative; test/plugins/expert/jump-relu.test.ts holds it. */
const straightThrough = "expert.threshold";

const rows = Array.from({ length: 7 }, (_unused, b) => [...normalRows(1, width, b)]);

/** Whose forward pass differs while training. */
const drawing = ["noisy top-2", "noisy top-1", "stochastic", "stochastic heaviside", "random"];

/** Every router with the fused code, and every expert without a router, with several experts and with shared ones. */
const cases = Object.keys(routers).flatMap((router) =>
  Object.keys(experts)
    .filter((expert) => expert === "top-k" || ["none", "top-2", "switch shared"].includes(router))
    .flatMap((expert) =>
      (drawing.includes(router) ? [undefined, moment] : [undefined]).map((training) => ({ router, expert, training })),
    ),
);

/** The reference is the same for every device. */
const references = new Map<string, ReturnType<typeof referenceOf>>();

function referenceOf(input: Float64Input, names: readonly string[]) {
  const gradientIn = (name: string): Float64Array =>
    float64Gradient(input.values, name, (moved) => float64Forward({ ...input, values: moved }).error);
  return {
    forward: float64Forward(input),
    gradients: new Map(names.map((name) => [name, gradientIn(name)])),
  };
}

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`models in float64 on ${provider.name}`, (test, hooks) => {
    let device: Device;
    hooks.before(async () => {
      device = await provider.open();
    });
    for (const { router: routerName, expert: expertName, training } of cases) {
      const router = routers[routerName] as PluginChoice;
      const expert = experts[expertName] as PluginChoice;
      const what = `${routerName} with ${expertName}${training === undefined ? "" : ", while training"}`;
      test(`${what}: indices, values, and gradients in all parameters`, () => {
        const { tf } = device;
        const model = makeStirred({ ...device, router, expert });
        const { shape } = model;
        const trained = model.parameters.all.filter(({ name }) => name !== straightThrough);
        const input: Float64Input = { shape, router, expert, values: valuesOf(model), rows, training, seed: 0 };
        const names = trained.map(({ name }) => name);
        const reference = references.get(what) ?? referenceOf(input, names);
        references.set(what, reference);
        const expected = reference.forward;
        const acts_BD = tf.tensor2d(rows);
        const { routing, code, reconstruction_BD } = model.forward(acts_BD, training);
        assert.equal(routing.expertIndices_BR.arraySync(), expected.routing.experts);
        assertClose(routing.gates_BR.dataSync(), expected.routing.gates.flat(), "gates");
        if (code.kind === "sparse" && expected.selected !== undefined) {
          assert.equal(code.indices_BK.arraySync(), expected.selected);
        }
        assertClose(dense(shape.featuresPerExpert, code), expected.code.flat(), "code");
        assertClose(reconstruction_BD.dataSync(), expected.reconstruction.flat(), "reconstruction");
        const error = (): tensorflow.Scalar =>
          tf.sum(tf.square(tf.sub(model.forward(acts_BD, training).reconstruction_BD, acts_BD)));
        const { grads } = tf.variableGrads(
          error,
          trained.map(({ variable }) => variable),
        );
        for (const { name, variable } of trained) {
          const gradient = reference.gradients.get(name)!;
          // A variable that the tape does not reach has the gradient 0.
          assertClose(grads[variable.name]?.dataSync() ?? gradient.map(() => 0), gradient, `gradient in ${name}`);
        }
      });
    }

    for (const [name, router] of Object.entries(routers)) {
      test(`${name}: the load-balance loss and its gradient in the router, shares held`, () => {
        const { tf } = device;
        const model = makeStirred({ ...device, router, expert: { type: "relu" } });
        const { shape } = model;
        const values = valuesOf(model);
        const input: Float64Input = {
          shape,
          router,
          expert: { type: "relu" },
          values,
          rows,
          training: moment,
          seed: 0,
        };
        const held = float64Routing(input);
        const chosen = shape.selectedExperts - shape.sharedExperts;
        const numRouted = shape.experts - shape.sharedExperts;
        const shares = Array.from({ length: numRouted }, (_unused, e) => {
          const assignments = held.experts.flatMap((row) => row.slice(0, chosen));
          return assignments.filter((other) => other === e).length / assignments.length;
        });
        const reference = (moved: typeof values): number => {
          const { probabilities } = float64Routing({ ...input, values: moved });
          if (probabilities === undefined) return 0;
          const means = shares.map((_share, e) => probabilities.reduce((sum, row) => sum + row[e]! / rows.length, 0));
          return numRouted * means.reduce((sum, mean, e) => sum + mean * shares[e]!, 0);
        };
        const loss = buildPlugin(loadBalance, { type: "load-balance" }, { tf, shape }).instance;
        const compute = (): tensorflow.Scalar => {
          const { routing } = model.forward(tf.tensor2d(rows), moment);
          return loss.compute({ ...lossInput({ shape }), routing });
        };
        assertClose(compute().dataSync(), [reference(values)], "loss");
        if (held.probabilities === undefined) return;
        assert.is(loss.weight(0, 10), 3 * width);
        const own = model.parameters.all.filter((parameter) => parameter.name.startsWith("router."));
        const { grads } = tf.variableGrads(
          compute,
          own.map(({ variable }) => variable),
        );
        for (const { name: parameter, variable } of own) {
          const gradient = float64Gradient(values, parameter, reference);
          assertClose(grads[variable.name]?.dataSync() ?? gradient.map(() => 0), gradient, `gradient in ${parameter}`);
        }
      });
    }
  });
}

/** [B, F] row-major. */
function dense(perExpert: number, code: ReturnType<ReturnType<typeof makeStirred>["forward"]>["code"]): Float64Array {
  const all = new Float64Array(rows.length * features);
  if (code.kind === "sparse") {
    const values = code.values_BK.arraySync();
    for (const [b, indices] of code.indices_BK.arraySync().entries()) {
      for (const [i, f] of indices.entries()) all[b * features + f]! += values[b]![i]!;
    }
    return all;
  }
  const values = code.values_BRM.arraySync();
  for (const [b, chosen] of code.expertIndices_BR.arraySync().entries()) {
    for (const [r, e] of chosen.entries()) {
      for (const [m, value] of values[b]![r]!.entries()) all[b * features + e * perExpert + m]! += value;
    }
  }
  return all;
}

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.is(actual.length, expected.length, what);
  for (let i = 0; i < actual.length; i += 1) {
    const [value, reference] = [actual[i]!, expected[i]!];
    assert.ok(
      Math.abs(value - reference) <= 2e-5 + 2e-5 * Math.abs(reference),
      `${what}[${i}]: ${value}, not ${reference}`,
    );
  }
}
