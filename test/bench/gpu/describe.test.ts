import * as assert from "uvu/assert";
import { describeGpu, formatGpu, nvidiaCards, parseCards } from "../../../bench/gpu/describe.ts";
import { gpuMissing, testedAdapter } from "../../kernels/software-gpu.ts";
import { suite } from "../../suite.ts";

const output = "NVIDIA H100 PCIe, 550.54.15, 81559 MiB\nNVIDIA L4, 550.54.15, 23034 MiB\n";
const facts = { vendor: "", architecture: "", device: "", description: "", isFallbackAdapter: false };

suite("the description of a GPU", (test) => {
  test("has name, driver and memory of every card that nvidia-smi shows", () => {
    assert.equal(parseCards(output), [
      { name: "NVIDIA H100 PCIe", driver: "550.54.15", memory: "81559 MiB" },
      { name: "NVIDIA L4", driver: "550.54.15", memory: "23034 MiB" },
    ]);
  });

  test("has no card where nvidia-smi is missing or fails", async () => {
    assert.equal(await nvidiaCards("/nonexistent/nvidia-smi"), []);
    assert.equal(await nvidiaCards("false"), []);
  });

  test("says what was seen, and of a software adapter that it is one", () => {
    const card = { adapter: "NVIDIA H100 PCIe", isSoftware: false, facts, nvidia: parseCards(output) };
    assert.match(
      formatGpu(card),
      "adapter NVIDIA H100 PCIe (nvidia-smi: NVIDIA H100 PCIe, driver 550.54.15, 81559 MiB;",
    );
    assert.not.match(formatGpu(card), "NOTE");
    const software = formatGpu({ ...card, isSoftware: true, nvidia: [] });
    assert.match(software, "nvidia-smi shows no card");
    assert.match(software, "NOTE: this adapter is a program");
  });

  test(
    "names the adapter that the device was opened with",
    async () => {
      const gpu = await describeGpu(testedAdapter.adapter);
      assert.ok(gpu.adapter.length > 0);
      if (testedAdapter.adapter === "swiftshader") assert.is(gpu.isSoftware, true);
    },
    { skip: gpuMissing },
  );
});
