/** The programs of causal attention ask for no more than every WebGPU device has. */
import * as assert from "uvu/assert";
import { attentionProgram, mostQuads } from "../../../kernels/causal-attention/webgpu.ts";
import { wgslOf } from "../../../kernels/webgpu/program.ts";
import { suite } from "../../suite.ts";

suite("causal attention: programs", (test) => {
  const texts = Array.from({ length: mostQuads }, (_, i) =>
    wgslOf(attentionProgram(i + 1), { leastSubgroup: 0, hasFloat16: false }),
  );
  const numberIn = (text: string, pattern: RegExp): number => Number(pattern.exec(text)?.[1]);

  test("are there for heads of up to 128 numbers", () => {
    assert.is(texts.length, 128 / 4);
  });

  test("take 16 KiB of workgroup memory at most, which heads of 64 and of 128 numbers fill", () => {
    const bytes = texts.map((text) => 16 * numberIn(text, /var<workgroup> tile: array<vec4f, (\d+)>/));
    assert.ok(texts.every((text) => text.match(/var<workgroup>/g)?.length === 1));
    assert.is(Math.max(...bytes), 16384);
    assert.equal([bytes[15], bytes[31]], [16384, 16384]);
  });

  test("have 32 or 64 threads", () => {
    const threads = texts.map((text) => numberIn(text, /@workgroup_size\((\d+)\)/));
    assert.equal([...new Set(threads)], [64, 32]);
  });
});
