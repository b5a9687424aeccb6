import * as tf from "@tensorflow/tfjs";
import * as assert from "uvu/assert";
import { packFields } from "../../../kernels/webgpu/bindings.ts";
import type { UniformField } from "../../../kernels/webgpu/contracts.ts";
import { suite } from "../../suite.ts";
import { gpuSuite, onGpu, openGpu } from "./gpu-suite.ts";

const whole = (...data: number[]): UniformField => ({ type: "int32", data });

suite("the numbers of a tfjs program", (test) => {
  /** Where each number lies, in steps of four bytes, and how many there are. */
  const layoutOf = (fields: readonly UniformField[]): { places: number[]; size: number } => {
    const words = new Int32Array(packFields(fields));
    const all = fields.flatMap(({ data }) => data);
    return { places: all.map((value) => words.indexOf(value)), size: words.length };
  };

  test("are aligned as vectors of WGSL are", () => {
    assert.equal(layoutOf([whole(1), whole(2), whole(3, 4)]), { places: [0, 1, 2, 3], size: 4 });
    assert.equal(layoutOf([whole(1), whole(2, 3), whole(4)]), { places: [0, 2, 3, 4], size: 6 });
    assert.equal(layoutOf([whole(1), whole(2, 3, 4), whole(5)]), { places: [0, 4, 5, 6, 7], size: 8 });
    assert.equal(layoutOf([whole(1), whole(2, 3, 4, 5)]), { places: [0, 4, 5, 6, 7], size: 8 });
  });

  test("after five and six begin anew", () => {
    assert.equal(layoutOf([whole(1, 2, 3, 4, 5), whole(6)]), { places: [0, 1, 2, 3, 4, 8], size: 12 });
    assert.equal(layoutOf([whole(1, 2, 3, 4, 5, 6), whole(7, 8)]), { places: [0, 1, 2, 3, 4, 5, 8, 9], size: 12 });
  });

  test("keep their types; a scalar's shape is one", () => {
    const view = new DataView(
      packFields([
        { type: "float32", data: [Number.NaN] },
        { type: "float32", data: [-0.5] },
        { type: "uint32", data: [0xfffffffe] },
        { type: "int32", data: [] },
      ]),
    );
    assert.ok(Number.isNaN(view.getFloat32(0, true)));
    assert.is(view.getFloat32(4, true), -0.5);
    assert.is(view.getUint32(8, true), 0xfffffffe);
    assert.is(view.getInt32(12, true), 1);
  });
});

gpuSuite("bindings of dispatches", (test) => {
  test("are made once where a step repeats, and give each step its own numbers", async () => {
    const { backend } = await openGpu();
    const { device } = backend;
    const create = device.createBindGroup.bind(device);
    const groups = new Set<GPUBindGroup>();
    device.createBindGroup = (descriptor) => {
      const group = create(descriptor);
      groups.add(group);
      return group;
    };
    const uniforms = new Set<GPUBuffer>();
    const uniformOf = backend.uniformOf.bind(backend);
    backend.uniformOf = (bytes) => {
      const buffer = uniformOf(bytes);
      uniforms.add(buffer);
      return buffer;
    };
    try {
      const x = onGpu(tf.tensor1d([1, 2, 3]));
      const y = onGpu(tf.tensor1d([10, 20, 30]));
      for (let i = 0; i < 20; i++) {
        const sum = tf.tidy(() => tf.add(x, y).dataSync());
        assert.equal([...sum], [11, 22, 33]);
        const longer = tf.tidy(() => tf.sum(tf.concat([x, y, x])).dataSync()[0]);
        assert.is(longer, 72);
      }
      assert.ok(groups.size <= 12, `${groups.size} bind groups`);
      assert.ok(uniforms.size <= 12, `${uniforms.size} buffers of numbers`);
      tf.dispose([x, y]);
    } finally {
      device.createBindGroup = create;
      backend.uniformOf = uniformOf;
    }
  });

  test("are those of other buffers where a tensor is made anew", async () => {
    await openGpu();
    const results = Array.from({ length: 30 }, (_, i) =>
      tf.tidy(() => tf.mul(onGpu(tf.fill([1 + (i % 4)], i)), onGpu(tf.scalar(2))).dataSync()[0]),
    );
    assert.equal(
      results,
      results.map((_, i) => 2 * i),
    );
  });
});
