/** What the host version promises beside its results: memory that does not grow with B times F. */
import * as assert from "uvu/assert";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import { wasmDevice } from "../../../kernels/devices/wasm.ts";
import { runEncodeTopK } from "../../conformance/kernels/encode-top-k.ts";
import { createRandomData } from "../../conformance/kernels/random-data.ts";
import { suite } from "../../suite.ts";

for (const provider of [cpuDevice, wasmDevice]) {
  suite(`encode top-k, host version on ${provider.name}`, (test) => {
    for (const E of [1, 4]) {
      test(`never holds the pre-activations of all rows (experts: ${E})`, async () => {
        const device = await provider.open();
        const size = { B: 2000, D: 4, F: 4096, E, R: 1 };
        const random = createRandomData(1);
        const input = {
          acts: random.floats(size.B * size.D),
          encoder: random.floats(size.F * size.D),
          experts: random.routing(size),
          gates: new Float32Array(size.B).fill(1),
        };
        const before = device.tf.memory().numBytes;
        const { peakBytes } = await device.tf.profile(() => {
          device.tf.tidy(() => {
            runEncodeTopK(device, input, size, 8);
          });
        });
        const preactivationBytes = (4 * size.B * size.F) / E;
        assert.ok(peakBytes > before);
        assert.ok(peakBytes - before < preactivationBytes / 3, `${peakBytes - before} bytes at the peak`);
      });
    }
  });
}
