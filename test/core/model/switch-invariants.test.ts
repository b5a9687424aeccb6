/**
 * Properties of a Switch SAE that hold whatever the numbers are, for every router and every expert, on every device.
 * That indices, values and gradients are those of a dense mask is in float64-model.test.ts; that alpha is scaled by
 * D is in plugins/loss/load-balance.test.ts.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { PluginChoice } from "../../../core/config/config.ts";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import type { TrainingMoment } from "../../../core/model/contracts.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { loadBalance } from "../../../plugins/loss/load-balance.ts";
import { readCode } from "../../conformance/made-up-batch.ts";
import { lossInput } from "../../plugins/loss/loss-input.ts";
import { suite } from "../../suite.ts";
import { buildPlugin } from "./build-plugin.ts";
import { experts, features, makeStirred, moment, routers, width } from "./every-choice.ts";
import { makeModel, normalRows, setParameter } from "./make-model.ts";
import type { ModelChoice } from "./make-model.ts";

const topK4 = { type: "top-k", k: 4 };
const relu = { type: "relu" };

/** Routers whose only expert must be the plain autoencoder, whatever the gate. */
const oneExpert: readonly PluginChoice[] = [
  { type: "switch", experts: 1, gate: "heaviside" },
  { type: "switch", experts: 1 },
  { type: "top-e", experts: 1, e: 1, gate: "heaviside" },
  { type: "top-e", experts: 1, e: 1 },
  { type: "top-e", experts: 1, e: 1, gate: "softmax-all", scores: "linear" },
  { type: "noisy-top-e", experts: 1, e: 1, gate: "heaviside" },
  { type: "noisy-top-e", experts: 1, e: 1, gate: "softmax-all" },
  { type: "stochastic", experts: 1, gate: "heaviside" },
  { type: "stochastic", experts: 1 },
  { type: "random", experts: 1 },
  { type: "hash", experts: 1 },
];

/** Property -> choice -> why it cannot hold there. */
const skips: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "permuting experts": {
    none: "there is one expert",
    random: "the choice follows no parameter",
  },
  "row by row": {
    random: "the choice goes by a row's position in the batch",
    "batch-top-k": "before there is a threshold, the whole batch decides which activations are kept",
    "matryoshka-batch-top-k": "as for batch-top-k",
  },
  "features scaled each by its own factor": {
    "top-k": "activations of different features are compared, and scaling changes which are largest",
    "batch-top-k": "as for top-k",
    "matryoshka-batch-top-k": "as for top-k",
  },
};

/** Names to test, without those that are skipped with a reason. */
function without<T>(property: string, choices: Readonly<Record<string, T>>): readonly (readonly [string, T])[] {
  const reasons = skips[property] ?? {};
  return Object.entries(choices).filter(([name]) => !(name in reasons));
}

suite("skipped invariants", (test) => {
  test("name choices that exist and give a reason", () => {
    for (const reasons of Object.values(skips)) {
      for (const [name, reason] of Object.entries(reasons)) {
        assert.ok(name in routers || name in experts, name);
        assert.ok(reason.length > 10, name);
      }
    }
  });
});

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`invariants of a routed autoencoder on ${provider.name}`, (test, hooks) => {
    let device: Device;
    hooks.before(async () => {
      device = await provider.open();
    });
    const make = (choice: Partial<ModelChoice>): SparseAutoencoder =>
      makeModel({ ...device, width, features, router: { type: "switch", experts: 4 }, expert: topK4, ...choice });
    const stirred = (router: PluginChoice, expert: PluginChoice): SparseAutoencoder =>
      makeStirred({ ...device, router, expert });
    const batch = (rows: number, seed = 1): tensorflow.Tensor2D =>
      device.tf.tensor2d(normalRows(rows, width, seed), [rows, width]);
    const output = (model: SparseAutoencoder, acts_BD: tensorflow.Tensor2D, training?: TrainingMoment): Float32Array =>
      device.tf.tidy(() => model.forward(acts_BD, training).reconstruction_BD.dataSync<"float32">());
    /** Gradients of the reconstruction error by parameter name. */
    const gradients = (model: SparseAutoencoder, acts_BD: tensorflow.Tensor2D, training?: TrainingMoment) => {
      const { tf } = device;
      const { grads } = tf.variableGrads(
        () => tf.sum<tensorflow.Scalar>(tf.square(tf.sub(model.forward(acts_BD, training).reconstruction_BD, acts_BD))),
        model.parameters.all.map(({ variable }) => variable),
      );
      const found = model.parameters.all.filter(({ variable }) => variable.name in grads);
      return new Map(found.map(({ name, variable }) => [name, grads[variable.name]!.dataSync<"float32">()]));
    };

    for (const [name, expert] of Object.entries(experts)) {
      test(`one expert with gate or probability 1 is the plain autoencoder to the bit, with ${name}`, () => {
        const acts_BD = batch(13);
        for (const training of [undefined, moment]) {
          const plain = output(make({ router: { type: "none" }, expert }), acts_BD, training);
          assert.ok(plain.some((value) => value !== 0));
          for (const router of oneExpert) {
            assert.equal(output(make({ router, expert }), acts_BD, training), plain, JSON.stringify(router));
          }
        }
      });
    }

    for (const [routerName, router] of without("permuting experts", routers)) {
      const every = ["switch", "top-2", "hash", "switch shared"].includes(routerName) ? experts : { "top-k": topK4 };
      test(`permuting the experts of ${routerName} leaves the output as it was`, () => {
        for (const [expertName, expert] of Object.entries(every)) {
          const model = stirred(router, expert);
          // Scores clipped at 0 tie, and which of the tied experts is lower changes: no score is clipped here.
          if (model.parameters.has("router.score_bias")) shift(device.tf, model, "router.score_bias", 9);
          const acts_BD = batch(19);
          const before = output(model, acts_BD);
          const numRouted = model.shape.experts - model.shape.sharedExperts;
          const order = numRouted === 4 ? [2, 0, 3, 1] : [2, 0, 1];
          permuteExperts(device.tf, model, order);
          assertClose(output(model, acts_BD), before, expertName);
        }
      });
    }

    for (const [routerName, router] of Object.entries(routers)) {
      test(`${routerName} activates features of the routed blocks only, those of a sparse code ascending`, () => {
        for (const [expertName, expert] of Object.entries(experts)) {
          for (const training of [undefined, moment]) {
            const model = stirred(router, expert);
            const { code, routing } = model.forward(batch(17), training);
            const chosen = routing.expertIndices_BR.arraySync();
            let numActive = 0;
            let last = { row: -1, feature: -1 };
            for (const { row, feature, value } of readCode(code, model.shape)) {
              const owner = Math.floor(feature / model.shape.featuresPerExpert);
              assert.ok(chosen[row]!.includes(owner), `${expertName}: row ${row}, feature ${feature}`);
              if (code.kind === "sparse" && row === last.row) assert.ok(feature > last.feature);
              last = { row, feature };
              if (value !== 0) numActive += 1;
            }
            assert.ok(numActive > 0, expertName);
          }
        }
      });
    }

    for (const [routerName, router] of without("row by row", routers)) {
      test(`${routerName} works on batches of one row and of sizes that divide by nothing`, () => {
        for (const [expertName, expert] of without("row by row", experts)) {
          const model = stirred(router, expert);
          const all_BD = batch(7);
          const whole = output(model, all_BD);
          for (let b = 0; b < 7; b++) {
            const row_BD = device.tf.slice(all_BD, [b, 0], [1, width]);
            assertClose(output(model, row_BD), whole.subarray(b * width, (b + 1) * width), `${expertName}, row ${b}`);
          }
        }
      });
    }

    for (const [name, router] of Object.entries(routers)) {
      test(`the load-balance loss of ${name} is 1 with a uniform router and at its largest when it collapsed`, () => {
        const model = make({ router, expert: relu });
        const { shape } = model;
        const loss = buildPlugin(loadBalance, { type: "load-balance" }, { tf: device.tf, shape }).instance;
        const valueWith = (weights: (expert: number) => number, acts_BD: tensorflow.Tensor2D): number => {
          for (const { name: parameter, variable } of model.parameters.all) {
            if (!parameter.startsWith("router.")) continue;
            const each = parameter === "router.weight" ? width : variable.size;
            const value = (i: number): number => (parameter === "router.weight" ? weights(Math.floor(i / each)) : 0);
            setParameter(
              device.tf,
              model,
              parameter,
              Array.from({ length: variable.size }, (_unused, i) => value(i)),
            );
          }
          return loss.compute({ ...lossInput({ shape }), routing: model.forward(acts_BD).routing }).dataSync()[0]!;
        };
        const positive_BD = device.tf.abs<tensorflow.Tensor2D>(batch(12));
        const numRouted = shape.experts - shape.sharedExperts;
        if (model.forward(positive_BD).routing.probabilities_BE === undefined) {
          assert.is(
            valueWith(() => 0, positive_BD),
            0,
          );
          return;
        }
        assert.ok(Math.abs(valueWith(() => 0, positive_BD) - 1) < 1e-6);
        // All probability on expert 1; its share of the assignments is one of the e that each row has.
        const largest = numRouted / (shape.selectedExperts - shape.sharedExperts);
        const collapsed = valueWith((e) => (e === 1 ? 500 : 0), positive_BD);
        assert.ok(Math.abs(collapsed - largest) < 1e-5, `${collapsed}, not ${largest}`);
      });
    }

    const sizeOf = (gradient: Float32Array | undefined): number =>
      gradient === undefined ? 0 : Math.max(...gradient.map(Math.abs));
    const gates: readonly (readonly [what: string, router: PluginChoice, trains: boolean])[] = [
      ["switch", { type: "switch", experts: 4 }, true],
      ["switch heaviside", { type: "switch", experts: 4, gate: "heaviside" }, false],
      ["top-2", { type: "top-e", experts: 4 }, true],
      ["top-2 of all probabilities", { type: "top-e", experts: 4, gate: "softmax-all" }, true],
      ["top-2 heaviside", { type: "top-e", experts: 4, gate: "heaviside" }, false],
      // A softmax over one selected expert is the constant 1.
      ["top-1 among the selected", { type: "top-e", experts: 4, e: 1 }, false],
      ["noisy top-2", { type: "noisy-top-e", experts: 4 }, true],
      ["noisy top-2 heaviside", { type: "noisy-top-e", experts: 4, gate: "heaviside" }, false],
      ["stochastic", { type: "stochastic", experts: 4 }, true],
      ["stochastic heaviside", { type: "stochastic", experts: 4, gate: "heaviside" }, false],
    ];
    for (const [what, router, trains] of gates) {
      test(`the reconstruction ${trains ? "trains" : "does not train"} the router of ${what}`, () => {
        for (const training of [undefined, moment]) {
          const found = gradients(make({ router }), batch(16), training);
          const names = [...found.keys()].filter((name) => name.startsWith("router."));
          if (trains) assert.ok(sizeOf(found.get("router.weight")) > 1e-3);
          else for (const name of names) assert.is(sizeOf(found.get(name)), 0, name);
        }
      });
    }
    test("the reconstruction trains the noise of noisy top-e while training, and it alone then", () => {
      const model = make({ router: { type: "noisy-top-e", experts: 4 } });
      assert.ok(sizeOf(gradients(model, batch(16), moment).get("router.noise_weight")) > 1e-3);
      assert.is(sizeOf(gradients(model, batch(16)).get("router.noise_weight")), 0);
    });
    test("the controls random and hash have nothing to train", () => {
      for (const type of ["random", "hash"]) {
        const { parameters } = make({ router: { type, experts: 4 } });
        assert.equal(
          parameters.all.map(({ name }) => name).filter((name) => name.startsWith("router.")),
          [],
        );
      }
    });

    for (const [name, expert] of Object.entries(experts)) {
      test(`experts that receive no row get zero gradients and disturb nobody, with ${name}`, () => {
        const model = make({ expert });
        // Every logit of expert 1 is far above the others for these rows.
        const acts_BD = device.tf.tensor2d(normalRows(9, width).map(Math.abs), [9, width]);
        const weights = Array.from({ length: 4 * width }, (_unused, i) => (Math.floor(i / width) === 1 ? 5 : 0));
        setParameter(device.tf, model, "router.weight", weights);
        const { routing, reconstruction_BD } = model.forward(acts_BD);
        assert.ok(routing.expertIndices_BR.dataSync().every((e) => e === 1));
        assert.ok(reconstruction_BD.dataSync().every(Number.isFinite));
        const found = gradients(model, acts_BD);
        const block = (features * width) / 4;
        for (const parameter of ["encoder", "decoder"]) {
          const gradient = found.get(parameter)!;
          assert.ok(sizeOf(gradient.subarray(block, 2 * block)) > 0, parameter);
          assert.is(sizeOf(Float32Array.of(...gradient.subarray(0, block), ...gradient.subarray(2 * block))), 0);
        }
      });
    }

    test("k as large as the routed blocks keeps them whole, and a larger one is refused", () => {
      for (const [name, router] of Object.entries(routers)) {
        const { shape } = make({ router, expert: relu });
        const seen = shape.selectedExperts * shape.featuresPerExpert;
        const whole = output(make({ router, expert: relu }), batch(6));
        for (const type of ["top-k", "batch-top-k"]) {
          const kept = output(make({ router, expert: { type, k: seen } }), batch(6));
          assertClose(kept, whole, `${name} with ${type}`);
        }
        for (const [type, options] of Object.entries({
          "top-k": {},
          "batch-top-k": {},
          "matryoshka-batch-top-k": { groups: [1] },
        })) {
          const model = make({ router, expert: { type, k: seen + 1, ...options } });
          const isRefusal = (error: SwitchyardError): boolean => error.code === "K_TOO_LARGE";
          assert.throws(() => model.forward(batch(6)), isRefusal, `${name} with ${type}`);
        }
      }
    });

    for (const type of ["switch", "top-e", "noisy-top-e", "stochastic"]) {
      test(`the input bias of ${type} starts where the decoder's does, and is one vector with it only when shared`, () => {
        for (const bias of ["shared", "separate", "none"]) {
          const model = make({ router: { type, experts: 4, bias } });
          model.initialiseFromRows(normalRows(40, width).map((value) => value + 2));
          const decoderBias = model.parameters.get("decoder_bias").dataSync();
          assert.ok(decoderBias.every((value) => value > 1));
          assert.is(model.parameters.has("router.input_bias"), bias !== "none");
          if (bias !== "none") assert.equal(model.parameters.get("router.input_bias").dataSync(), decoderBias);
          assert.equal(model.parameters.shared, bias === "shared" ? [["decoder_bias", "router.input_bias"]] : []);
          // Both get gradients of their own: the router's flows through the gates alone.
          const found = gradients(model, batch(16), moment);
          assert.is(sizeOf(found.get("router.input_bias")) > 0, bias !== "none");
          if (bias !== "none") assert.not.equal(found.get("router.input_bias"), found.get("decoder_bias"));
        }
      });
    }

    /** Encoder rows and thresholds divided by a factor of their feature, decoder rows multiplied by it. */
    const foldNorms = (model: SparseAutoencoder, factor: (feature: number) => number): void => {
      const scale = (name: string, by: (feature: number) => number): void => {
        if (!model.parameters.has(name)) return;
        const values = model.parameters.get(name).dataSync<"float32">();
        const each = values.length / features;
        setParameter(
          device.tf,
          model,
          name,
          values.map((value, i) => value * by(Math.floor(i / each))),
        );
      };
      scale("decoder", factor);
      const own = ["expert.gate_bias", "expert.magnitude_bias", "expert.threshold"];
      for (const name of ["encoder", "encoder_bias", ...own]) scale(name, (feature) => 1 / factor(feature));
    };
    const foldable = Object.fromEntries(without("features scaled each by its own factor", experts));
    for (const [name, expert] of Object.entries(experts)) {
      const own = name in foldable;
      test(`norms move from the decoder into the encoder of ${name}, ${own ? "each its own" : "all alike"}`, () => {
        for (const router of [routers["none"]!, routers["top-2"]!, routers["switch shared"]!]) {
          const model = stirred(router, expert);
          const before = output(model, batch(9));
          foldNorms(model, (feature) => (own ? 0.5 + (feature % 7) / 4 : 2.5));
          assertClose(output(model, batch(9)), before, JSON.stringify(router));
        }
      });
    }
  });
}

function shift(tf: typeof tensorflow, model: SparseAutoencoder, name: string, by: number): void {
  const values = model.parameters.get(name).dataSync<"float32">();
  setParameter(
    tf,
    model,
    name,
    values.map((value) => value + by),
  );
}

/** Expert e becomes what expert order[e] was, shared ones stay. */
function permuteExperts(tf: typeof tensorflow, model: SparseAutoencoder, order: readonly number[]): void {
  const { shape, parameters } = model;
  const ownedByFeature = ["encoder", "encoder_bias", "decoder"];
  for (const { name, variable } of [...parameters.all, ...parameters.buffers]) {
    const isOfFeatures = ownedByFeature.includes(name) || (name.startsWith("expert.") && variable.size > 1);
    const isOfExperts = ["weight", "noise_weight", "score_bias", "directions"].some((own) => name === `router.${own}`);
    if (!isOfFeatures && !isOfExperts) continue;
    const values = variable.dataSync<"float32">().slice();
    const size = values.length / (isOfFeatures ? shape.experts : order.length);
    const moved = order.map((from) => [...values.subarray(from * size, (from + 1) * size)]);
    setParameter(tf, model, name, [...moved.flat(), ...values.subarray(order.length * size)]);
  }
}

function assertClose(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.is(actual.length, expected.length, what);
  for (const [i, value] of actual.entries()) {
    assert.ok(
      Math.abs(value - expected[i]!) <= 1e-4 + 1e-4 * Math.abs(expected[i]!),
      `${what}[${i}]: ${value}, not ${expected[i]!}`,
    );
  }
}
