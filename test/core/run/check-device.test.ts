import { Type } from "typebox";
import * as assert from "uvu/assert";
import type { TObject } from "typebox";
import type { CatalogueEntry } from "../../../core/plugin/catalogue.ts";
import type { AnyPlugin } from "../../../core/plugin/define-plugin.ts";
import { checkDevice } from "../../../core/run/check-device.ts";
import type { DeviceCheck, DeviceProblem } from "../../../core/run/check-device.ts";
import * as services from "../../../core/services.ts";
import { cpuDevice } from "../../../kernels/devices/cpu.ts";
import type { Device } from "../../../kernels/devices/device.ts";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { suite } from "../../suite.ts";

const paths = { projectFolder: "/project", cacheFolder: "/cache" };

function entryOf(load: () => Promise<AnyPlugin>): CatalogueEntry {
  return { kind: "device", name: "mine", origin: "plugins/device/mine.ts", load };
}

/** A device plugin that is made, or fails, as `create` says. */
function plugin(create: AnyPlugin["create"], more: Partial<AnyPlugin> & { options?: TObject } = {}): CatalogueEntry {
  return entryOf(() =>
    Promise.resolve({
      ...{ kind: "device", name: "mine", version: "1", summary: "Mine.", options: Type.Object({}), create },
      ...more,
    }),
  );
}

const check = (entry: CatalogueEntry, timeoutMs?: number): Promise<DeviceCheck> => checkDevice(entry, paths, timeoutMs);

async function problem(entry: CatalogueEntry, timeoutMs?: number): Promise<DeviceProblem> {
  const found = await check(entry, timeoutMs);
  if (found.works) throw new Error("the device works");
  assert.equal([found.name, found.origin], ["mine", "plugins/device/mine.ts"]);
  return found.problem;
}

suite("checking a device", (test) => {
  test("opens it, lets it compute, and tells its description and why it was taken", async () => {
    const found = await check(plugin(async () => ({ ...(await cpuDevice.open()), reason: "Took it." })));
    assert.equal(found, {
      ...{ name: "mine", origin: "plugins/device/mine.ts", works: true, device: "cpu", reason: "Took it." },
      description: (await cpuDevice.open()).description,
    });
  });

  test("gives it the defaults of its options, the project and all cores, and disposes of it", async () => {
    const seen: unknown[] = [];
    const found = await check(
      plugin(
        (options: object, deps: object) => {
          seen.push(options, deps);
          return cpuDevice.open();
        },
        {
          options: Type.Object({
            speed: Type.Integer({ default: 3, description: "" }),
            note: Type.Optional(Type.String()),
          }),
          deps: { paths: services.pathsRef, threads: services.threadsRef },
          dispose: ({ name }: Device) => {
            seen.push(`disposed of ${name}`);
          },
        },
      ),
    );
    assert.ok(found.works);
    const { threads } = seen[1] as { threads: number };
    assert.ok(threads >= 1);
    assert.equal(seen, [{ speed: 3 }, { paths, threads }, "disposed of cpu"]);
  });
});

suite("a device that does not work", (test) => {
  test("keeps the code and the advice of its error", async () => {
    const fields = { where: "device mine", expected: "a card", received: "none", next: "Buy one." };
    const unavailable = new KernelError("DEVICE_UNAVAILABLE", "It cannot be opened.", fields);
    assert.equal(await problem(entryOf(() => Promise.reject(unavailable))), {
      ...{ code: "DEVICE_UNAVAILABLE", message: "It cannot be opened." },
      ...{ expected: "a card", received: "none", next: "Buy one." },
    });
  });

  test("may throw anything, while it is loaded, built, used or disposed of", async () => {
    const things: readonly unknown[] = [
      new RangeError("why"),
      "text",
      7,
      null,
      undefined,
      Symbol("s"),
      {},
      [],
      () => 1,
    ];
    const textless = Object.create(null) as object;
    const hostile = {
      get message(): string {
        throw new Error("no message");
      },
      toString: () => {
        throw new Error("no text");
      },
    };
    for (const thing of [...things, textless, hostile]) {
      const fail = (): never => {
        throw thing;
      };
      const kernels = { ...(await cpuDevice.open()).kernels, globalNorm: fail };
      const codes = [
        await problem(entryOf(() => Promise.resolve().then(fail))),
        await problem(plugin(fail)),
        await problem(plugin(() => Promise.resolve().then(fail))),
        await problem(plugin(async () => ({ ...(await cpuDevice.open()), kernels }))),
        await problem(plugin(() => cpuDevice.open(), { dispose: fail })),
      ].map(({ code }) => code);
      assert.equal(codes, [
        ...["INTERNAL", "CONTAINER_CREATE_FAILED", "CONTAINER_CREATE_FAILED"],
        ...["DEVICE_WRONG_RESULT", "CONTAINER_DISPOSE_FAILED"],
      ]);
    }
  });

  test("may be no device at all", async () => {
    for (const thing of [undefined, null, 7, {}, { name: "x" }]) {
      const { code } = await problem(plugin(() => thing));
      assert.ok(["DEVICE_WRONG_RESULT", "INTERNAL"].includes(code), code);
    }
  });

  test("may describe itself by something that is no text", async () => {
    const device = await cpuDevice.open();
    const found = await check(plugin(() => ({ ...device, description: Symbol("fast") })));
    assert.is(found.works && found.description, "Symbol(fast)");
    const { code } = await problem(plugin(() => ({ ...device, description: Object.create(null) as object })));
    assert.is(code, "INTERNAL");
  });

  test("may compute wrongly, which is told with the numbers", async () => {
    const device = await cpuDevice.open();
    const kernels = { ...device.kernels, globalNorm: () => Number.NaN };
    const { code, expected, received } = await problem(plugin(() => ({ ...device, kernels })));
    assert.equal([code, expected, received], ["DEVICE_WRONG_RESULT", "5, the norm of [3, 4]", "NaN"]);
  });

  test("may need options that only its user knows", async () => {
    const options = Type.Object({ address: Type.String(), port: Type.Integer({ default: 1 }) });
    const { code, expected, next } = await problem(plugin(() => cpuDevice.open(), { options }));
    assert.equal([code, expected], ["MISSING_KEY", "address"]);
    assert.match(next ?? "", "device: { type: mine, address: ... }");
  });

  test("may need a service that only a run has", async () => {
    const { code, message } = await problem(plugin(() => cpuDevice.open(), { deps: { rng: services.rngRef } }));
    assert.is(code, "CONTAINER_GRAPH");
    assert.match(message, "device/mine needs core.rng");
  });

  test("may never answer, and is given up", async () => {
    const { code, expected } = await problem(
      plugin(() => new Promise(() => undefined)),
      20,
    );
    assert.equal([code, expected], ["DEVICE_TIMEOUT", "at most 0.02 s"]);
  });
});
