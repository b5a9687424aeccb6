/** The foreign autoencoders of fixtures/ (see make-fixtures.py), and what a model built from one computes. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type * as tensorflow from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { readSafetensors } from "../../../core/data/safetensors.ts";
import type { ForeignSae } from "../../../core/interchange/foreign-sae.ts";
import type { Code } from "../../../core/model/contracts.ts";
import type { SparseAutoencoder } from "../../../core/model/sparse-autoencoder.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { makeModel, setParameter } from "../model/make-model.ts";

export const fixturesFolder = fileURLToPath(new URL("fixtures", import.meta.url));

/** Absolute path of a fixture, or of a file in it. */
export function fixture(...names: readonly string[]): string {
  return join(fixturesFolder, ...names);
}

/** Folders that hold an autoencoder. */
export function fixtureNames(): readonly string[] {
  return readdirSync(fixturesFolder).filter((name) => name !== "torch-types");
}

/** What the library computes; row-major. */
export interface Expected {
  readonly numRows: number;
  readonly acts: Float32Array;
  readonly code: Float32Array;
  readonly reconstruction: Float32Array;
}

export async function expectedOf(name: string): Promise<Expected> {
  const { tensors } = await readSafetensors(fixture(name, "expected.safetensors"));
  const get = (key: string): Float32Array => {
    const data = tensors.get(key)?.data;
    assert.instance(data, Float32Array, key);
    return data as Float32Array;
  };
  return {
    numRows: tensors.get("acts")!.shape[0]!,
    acts: get("acts"),
    code: get("code"),
    reconstruction: get("reconstruction"),
  };
}

export interface Computed {
  /** [B, F] */
  readonly code: Float32Array;
  /** [B, D] */
  readonly reconstruction: Float32Array;
}

let device: Promise<Device> | undefined;

/** The forward pass of a model of ours with these parameters, as it is evaluated. @param acts_BD Row-major. */
export async function computedBy(sae: ForeignSae, acts_BD: Float32Array): Promise<Computed> {
  device ??= cpuDevice.open();
  const { tf, kernels } = await device;
  const { features, router, expert, ...dictionary } = sae.model;
  const model = makeModel({ tf, kernels, width: sae.width, features, router, expert, dictionary });
  const names = new Set([...model.parameters.all, ...model.parameters.buffers].map(({ name }) => name));
  names.delete("steps_since_active");
  assert.equal([...names].sort(), [...sae.parameters.keys()].sort(), "the parameters are those of the model");
  for (const [name, { shape, data }] of sae.parameters) {
    assert.equal(model.parameters.get(name).shape, [...shape], name);
    setParameter(tf, model, name, data);
  }
  const computed = tf.tidy(() => {
    const pass = model.forward(tf.tensor2d(acts_BD, [acts_BD.length / sae.width, sae.width]));
    return {
      code: denseCode(tf, model, pass.code),
      reconstruction: Float32Array.from(pass.reconstruction_BD.dataSync()),
    };
  });
  model.parameters.dispose();
  return computed;
}

/** Every feature of every row, [B, F]. */
function denseCode(tf: typeof tensorflow, { shape }: SparseAutoencoder, code: Code): Float32Array {
  const { features, featuresPerExpert } = shape;
  if (code.kind === "sparse") {
    const [rows, active] = code.values_BK.shape;
    const dense = new Float32Array(rows * features);
    const [indices, values] = [code.indices_BK.dataSync(), code.values_BK.dataSync()];
    for (let i = 0; i < rows * active; i++) dense[Math.floor(i / active) * features + indices[i]!]! += values[i]!;
    return dense;
  }
  const [rows, selected] = code.expertIndices_BR.shape;
  const dense = new Float32Array(rows * features);
  const [experts, values] = [code.expertIndices_BR.dataSync(), code.values_BRM.dataSync()];
  for (let block = 0; block < rows * selected; block++) {
    const start = Math.floor(block / selected) * features + experts[block]! * featuresPerExpert;
    dense.set(values.slice(block * featuresPerExpert, (block + 1) * featuresPerExpert), start);
  }
  return dense;
}

/** Asserts |received - expected| <= tolerance everywhere, and says where it is worst. */
export function assertClose(received: Float32Array, expected: Float32Array, tolerance: number, what: string): void {
  assert.is(received.length, expected.length, `${what}: length`);
  let worst = 0;
  for (let i = 0; i < expected.length; i++) {
    if (!(Math.abs(received[i]! - expected[i]!) <= Math.abs(received[worst]! - expected[worst]!))) worst = i;
  }
  const distance = Math.abs(received[worst]! - expected[worst]!);
  assert.ok(
    distance <= tolerance,
    `${what}: element ${worst} is ${received[worst]}, expected ${expected[worst]}, ${distance} apart`,
  );
}
