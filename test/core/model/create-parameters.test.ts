import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import type { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { createParameters, overwrite, propagateShared } from "../../../core/model/create-parameters.ts";
import { suite } from "../../suite.ts";

const vector = (...values: number[]) => ({ shape: [values.length], values: Float32Array.from(values) });

suite("parameters", (test, hooks) => {
  hooks.before(async () => {
    tf.enableProdMode();
    await tf.setBackend("cpu");
  });
  test("start at their values, in the given order", () => {
    const inits = new Map([
      ["encoder", { shape: [2, 2], values: Float32Array.from([1, 2, 3, 4]) }],
      ["bias", vector(5, 6)],
    ]);
    const parameters = createParameters({ tf, inits, shared: [] });
    assert.equal(
      parameters.all.map(({ name }) => name),
      ["encoder", "bias"],
    );
    assert.equal(parameters.get("encoder").arraySync(), [
      [1, 2],
      [3, 4],
    ]);
    assert.is(parameters.has("bias"), true);
    assert.is(parameters.has("decoder"), false);
    parameters.dispose();
  });
  test("do not share memory with the values they started from", () => {
    const init = vector(1, 2);
    const parameters = createParameters({ tf, inits: new Map([["bias", init]]), shared: [] });
    init.values[0] = 99;
    assert.equal([...parameters.get("bias").dataSync()], [1, 2]);
    parameters.dispose();
  });
  test("name the known and the nearest when asked for an unknown one", () => {
    const inits = new Map([
      ["encoder", vector(1)],
      ["decoder_bias", vector(1)],
    ]);
    const parameters = createParameters({ tf, inits, shared: [] });
    assert.throws(
      () => parameters.get("decoder-bias"),
      (error: SwitchyardError) => {
        assert.is(error.code, "PARAMETER_UNKNOWN");
        assert.is(error.expected, "encoder, decoder_bias");
        assert.is(error.next, 'did you mean "decoder_bias"?');
        return true;
      },
    );
    parameters.dispose();
  });
  test("reject values that do not fit their shape", () => {
    const inits = new Map([["router.weight", { shape: [2, 3], values: new Float32Array(5) }]]);
    const make = (): unknown => createParameters({ tf, inits, shared: [] });
    assert.throws(
      make,
      (error: SwitchyardError) => error.code === "PARAMETER_SHAPE" && error.where === "router.weight",
    );
  });
  test("of a shared group take the value of the one that was updated, without sharing its memory", () => {
    const inits = new Map([
      ["a", vector(1)],
      ["b", vector(1)],
      ["c", vector(7)],
    ]);
    const parameters = createParameters({ tf, inits, shared: [["a", "b"]] });
    tf.tidy(() => {
      parameters.get("b").assign(tf.tensor1d([4]));
    });
    propagateShared(tf, parameters, "b");
    propagateShared(tf, parameters, "c");
    assert.equal(
      ["a", "b", "c"].map((name) => parameters.get(name).dataSync()[0]),
      [4, 4, 7],
    );
    assert.is.not(parameters.get("a").dataId, parameters.get("b").dataId);
    parameters.dispose();
  });
  test("are overwritten without a leak and without sharing memory", () => {
    const parameters = createParameters({ tf, inits: new Map([["a", vector(1, 2)]]), shared: [] });
    const value = tf.tensor1d([3, 4]);
    const before = tf.memory().numTensors;
    overwrite(tf, parameters.get("a"), value);
    assert.is(tf.memory().numTensors, before);
    assert.is.not(parameters.get("a").dataId, value.dataId);
    value.dispose();
    assert.equal([...parameters.get("a").dataSync()], [3, 4]);
    parameters.dispose();
  });
  test("free their tensors when disposed", () => {
    const before = tf.memory().numTensors;
    createParameters({
      tf,
      inits: new Map([
        ["a", vector(1)],
        ["b", vector(2)],
      ]),
      shared: [],
    }).dispose();
    assert.is(tf.memory().numTensors, before);
  });
});
