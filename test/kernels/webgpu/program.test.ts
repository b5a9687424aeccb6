import * as assert from "uvu/assert";
import {
  defineProgram,
  type GpuAbilities,
  gridOf,
  inVariants,
  mostGroups,
  packParams,
  wgslOf,
} from "../../../kernels/webgpu/program.ts";
import { suite } from "../../suite.ts";

const program = defineProgram({
  label: "example",
  buffers: { keys: "i32", counts: "out atomic<u32>", sums: "out f32" },
  params: { size: "u32", scale: "f32" },
  code: "@compute @workgroup_size(1) fn main() {}",
});

const plain = { leastSubgroup: 0, hasFloat16: false };

suite("the text of a program", (test) => {
  test("declares buffers in their order, then the numbers, then helpers, then the code", () => {
    const lines = wgslOf(program, plain).split("\n");
    assert.equal(lines.slice(0, 5), [
      "@group(0) @binding(0) var<storage, read> keys: array<i32>;",
      "@group(0) @binding(1) var<storage, read_write> counts: array<atomic<u32>>;",
      "@group(0) @binding(2) var<storage, read_write> sums: array<f32>;",
      "struct Params { size: u32, scale: f32 }",
      "@group(0) @binding(3) var<uniform> params: Params;",
    ]);
    assert.ok(lines.some((line) => line.startsWith("fn group_index(")));
    assert.is(lines.at(-1), program.code);
  });

  test("holds what it uses before the code, as the device can do it", () => {
    const uses = [({ hasFloat16 }: GpuAbilities) => `alias half = ${hasFloat16 ? "f16" : "f32"};`];
    const lines = (gpu: GpuAbilities): string[] => wgslOf({ ...program, uses }, gpu).split("\n");
    assert.equal(lines(plain).slice(-2), ["alias half = f32;", program.code]);
    const able = lines({ leastSubgroup: 8, hasFloat16: true });
    assert.equal(able.slice(-2), ["alias half = f16;", program.code]);
    assert.equal(able.slice(0, 2), ["enable subgroups;", "enable f16;"], "before any declaration");
  });
});

suite("the variants of a program", (test) => {
  test("are made once for each choice", () => {
    const made: string[] = [];
    const variant = inVariants((tile: string, size: number) => {
      made.push(`${tile} ${size}`);
      return { tile, size };
    });
    assert.is(variant("a", 1), variant("a", 1));
    assert.equal(variant("b", 1), { tile: "b", size: 1 });
    assert.equal(made, ["a 1", "b 1"]);
  });
});

suite("the numbers of a program", (test) => {
  test("are written as their types say, in the order of the declaration", () => {
    const view = new DataView(packParams(program, { scale: -0.1, size: 0xfffffffe }));
    assert.is(view.getUint32(0, true), 0xfffffffe);
    assert.is(view.getFloat32(4, true), Math.fround(-0.1));
    assert.equal([view.getUint32(8, true), view.getUint32(12, true)], [0, 0]);
  });

  test("fill multiples of 16 bytes", () => {
    for (const [count, bytes] of [
      [1, 16],
      [4, 16],
      [5, 32],
      [8, 32],
      [9, 48],
    ] as const) {
      const params = Object.fromEntries(Array.from({ length: count }, (_, i) => [`p${i}`, "u32" as const]));
      const values = Object.fromEntries(Object.keys(params).map((name, i) => [name, i + 1]));
      const packed = packParams({ ...program, params }, values);
      assert.is(packed.byteLength, bytes, `${count} numbers`);
      assert.is(new Uint32Array(packed)[count - 1], count);
    }
  });

  test("that nobody gave are not a number, which no sum hides", () => {
    assert.ok(Number.isNaN(new Float32Array(packParams(program, { size: 1 }))[1]));
  });
});

suite("the grid of a program", (test) => {
  test("is one row while that holds the count", () => {
    assert.equal(gridOf(1), [1, 1, 1]);
    assert.equal(gridOf(mostGroups), [mostGroups, 1, 1]);
  });

  test("beyond that has as many rows as it needs, and no axis too long", () => {
    for (const count of [mostGroups + 1, 2 * mostGroups, 2 * mostGroups + 1, 1_000_000, 4_000_000_000]) {
      const [x, y, z] = gridOf(count);
      assert.ok(x <= mostGroups && y <= mostGroups && z === 1, `${count}`);
      assert.ok(x * y >= count && x * (y - 1) < count, `${count} in ${x} x ${y}`);
    }
  });
});
