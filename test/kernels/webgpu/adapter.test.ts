/** The choice of an adapter, among adapters that are made up. */
import * as assert from "uvu/assert";
import { findAdapter, isSoftware, type AdapterFacts, type AdapterWish } from "../../../kernels/webgpu/adapter.ts";
import type { Dawn } from "../../../kernels/webgpu/dawn.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { suite } from "../../suite.ts";

interface Card {
  /** As Dawn's list has it. */
  readonly name: string;
  readonly info: Partial<AdapterFacts>;
}

const [nvidia, intel, swiftshader] = [
  { name: "NVIDIA H100 PCIe", info: { vendor: "nvidia", device: "nvidia-h100-pcie", architecture: "hopper" } },
  { name: "Intel(R) Arc A770", info: { vendor: "intel", architecture: "xe-2hpg", description: "Mesa 25" } },
  { name: "SwiftShader Device (Subzero)", info: { device: "swiftshader-device-subzero-", isFallbackAdapter: true } },
] satisfies [Card, Card, Card];

interface Request {
  readonly options: readonly string[];
  readonly powerPreference: string | undefined;
}

/** Dawn on a machine with these cards: a name must be the start of a card's name, as it is written there. */
function dawnWith(cards: readonly Card[], requests: Request[] = []): Dawn {
  return {
    instance: (options) => ({
      ...({ wgslLanguageFeatures: new Set() } as Pick<GPU, "wgslLanguageFeatures">),
      ...({ getPreferredCanvasFormat: () => "rgba8unorm" } as Pick<GPU, "getPreferredCanvasFormat">),
      __brand: "GPU",
      requestAdapter: (wish) => {
        requests.push({ options, powerPreference: wish?.powerPreference });
        const wanted = options.find((option) => option.startsWith("adapter="))?.slice("adapter=".length);
        const found = wanted === undefined ? cards[0] : cards.find(({ name }) => name.startsWith(wanted));
        if (wanted !== undefined && found === undefined) throw new Error(noneFits(cards));
        return Promise.resolve(found === undefined ? null : ({ info: found.info } as unknown as GPUAdapter));
      },
    }),
  };
}

/** Dawn 0.6's own words. */
function noneFits(cards: readonly Card[]): string {
  const list = cards.map(({ name }) => ` * backend: 'vulkan', name: '${name}'\n`);
  return `no suitable backends found\nAvailable adapters:\n${list.join("")}`;
}

/** Without it Dawn rounds what the GPU's clock says. */
const exactTimes = "disable-dawn-features=timestamp_quantization";

const automatic: AdapterWish = { adapter: "auto", power: "high" };

async function refusal(cards: readonly Card[], wish: AdapterWish): Promise<KernelError> {
  try {
    await findAdapter(dawnWith(cards), wish);
  } catch (error) {
    assert.instance(error, KernelError);
    assert.is((error as KernelError).code, "DEVICE_UNAVAILABLE");
    return error as KernelError;
  }
  throw new Error("an adapter was found");
}

suite("the adapter that is taken by itself", (test) => {
  test("is the system's first, whatever it is called", async () => {
    assert.is((await findAdapter(dawnWith([intel, nvidia]), automatic)).facts.vendor, "intel");
    assert.is((await findAdapter(dawnWith([nvidia, intel]), automatic)).facts.vendor, "nvidia");
  });

  test("is asked for by power", async () => {
    const requests: Request[] = [];
    for (const power of ["high", "low"] as const) {
      await findAdapter(dawnWith([nvidia], requests), { adapter: "auto", power });
    }
    assert.equal(requests, [
      { options: [exactTimes], powerPreference: "high-performance" },
      { options: [exactTimes], powerPreference: "low-power" },
    ]);
  });

  const software: Readonly<Record<string, Partial<AdapterFacts>>> = {
    "that says that it is a fallback": { device: "something new", isFallbackAdapter: true },
    "called SwiftShader": { device: "SwiftShader Device (Subzero)" },
    "called llvmpipe": { description: "llvmpipe (LLVM 19.1.7, 256 bits)" },
    "called WARP": { architecture: "warp" },
    "called Microsoft Basic Render Driver": { description: "Microsoft Basic Render Driver" },
  };
  for (const [what, info] of Object.entries(software)) {
    test(`is no software adapter ${what}`, async () => {
      const { received, next } = await refusal([{ name: "first", info }], automatic);
      assert.match(received ?? "", /^only a software adapter, ./);
      assert.match(next ?? "", /`device: native`/);
    });
  }

  test("is none where the system has none", async () => {
    const { received, next } = await refusal([], automatic);
    assert.match(received ?? "", /^no adapter: there is no driver for Vulkan, Metal or Direct3D 12/);
    assert.match(next ?? "", /libvulkan1/);
  });

  test("is no software adapter because of a card's name", () => {
    for (const { info } of [nvidia, intel]) {
      const empty: AdapterFacts = {
        vendor: "",
        architecture: "",
        device: "",
        description: "",
        isFallbackAdapter: false,
      };
      assert.not(isSoftware({ ...empty, ...info }));
    }
  });
});

suite("the adapter that is named", (test) => {
  const cards = [nvidia, intel, swiftshader];

  for (const [adapter, name] of [
    ["NVIDIA", nvidia.name],
    ["h100", nvidia.name],
    ["arc a7", intel.name],
    ["INTEL", intel.name],
    ["swiftshader", swiftshader.name],
    ["Subzero", swiftshader.name],
    // As a description of the device shows them.
    ["nvidia-h100-pcie", nvidia.name],
    ["swiftshader-device-subzero-", swiftshader.name],
  ] as const) {
    test(`is the one with "${adapter}" anywhere in its name, in any case, also a program`, async () => {
      const { facts } = await findAdapter(dawnWith(cards), { adapter, power: "high" });
      const { info } = cards.find((card) => card.name === name)!;
      assert.equal({ ...facts, ...info }, facts);
    });
  }

  test("is an error with all names where none fits", async () => {
    const { where, expected, received, cause } = await refusal(cards, { adapter: "radeon", power: "high" });
    assert.is(where, "device webgpu: adapter");
    assert.is(expected, "part of: NVIDIA H100 PCIe, Intel(R) Arc A770, SwiftShader Device (Subzero)");
    assert.is(received, "radeon");
    assert.instance(cause, Error);
  });

  test("is an error that says so where there is none at all", async () => {
    const { expected } = await refusal([], { adapter: "radeon", power: "high" });
    assert.is(expected, "an adapter, of which there is none");
  });
});

suite("the name of an adapter", (test) => {
  for (const [info, name] of [
    [nvidia.info, "nvidia-h100-pcie"],
    [intel.info, "xe-2hpg, Mesa 25"],
    [{ vendor: "apple" }, "apple"],
    [{ device: "same", description: "same" }, "same"],
    [{ description: "only this" }, "an adapter without a name, only this"],
    [{}, "an adapter without a name"],
  ] as const) {
    test(`is "${name}" of ${JSON.stringify(info)}`, async () => {
      assert.is((await findAdapter(dawnWith([{ name: "any", info }]), automatic)).name, name);
    });
  }
});
