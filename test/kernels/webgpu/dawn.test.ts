/** Waiting for Dawn: with buffers that are made up, then with real ones. */
import * as assert from "uvu/assert";
import { KernelError } from "../../../kernels/kernel-error.ts";
import { findAdapter } from "../../../kernels/webgpu/adapter.ts";
import { loadDawn, mapNow, withEvents, type Dawn } from "../../../kernels/webgpu/dawn.ts";
import { suite } from "../../suite.ts";
import { testedAdapter } from "../software-gpu.ts";
import { gpuSuite, thrownBy } from "./gpu-suite.ts";

const turnOfTheLoop = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Is mapped, or becomes `outcome`, in the last of `polls` callbacks, each of which asks for the next, as Dawn does. */
class MadeUpBuffer {
  mapState = "unmapped";
  called = 0;
  readonly polls: number;
  readonly outcome: "mapped" | "unmapped";

  constructor(polls: number, outcome: "mapped" | "unmapped" = "mapped") {
    this.polls = polls;
    this.outcome = outcome;
  }

  mapAsync(): Promise<undefined> {
    this.mapState = "pending";
    if (this.polls > 0) {
      withEvents(() => {
        this.queue();
      });
    }
    return this.outcome === "mapped" ? Promise.resolve(undefined) : Promise.reject(new Error("the device is lost"));
  }

  queue(): void {
    setImmediate(() => {
      this.called += 1;
      if (this.called === this.polls) this.mapState = this.outcome;
      else if (this.called < this.polls) this.queue();
    });
  }

  get asGpuBuffer(): GPUBuffer {
    return this as unknown as GPUBuffer;
  }
}

/** mapNow reads GPUMapMode, which the package brings. */
function withMapMode(work: () => void): void {
  const scope = globalThis as { GPUMapMode?: unknown };
  const before = scope.GPUMapMode;
  scope.GPUMapMode = { READ: 1 };
  try {
    work();
  } finally {
    if (before === undefined) delete scope.GPUMapMode;
    else scope.GPUMapMode = before;
  }
}

suite("calls that may queue events", (test) => {
  test("return what they return, and leave setImmediate as it was", () => {
    const before = globalThis.setImmediate;
    assert.is(
      withEvents(() => {
        assert.is.not(globalThis.setImmediate, before);
        return withEvents(() => 7);
      }),
      7,
    );
    assert.is(globalThis.setImmediate, before);
  });

  test("leave setImmediate as it was when they throw", () => {
    const before = globalThis.setImmediate;
    assert.throws(
      () =>
        withEvents(() => {
          throw new Error("no adapter");
        }),
      /no adapter/,
    );
    assert.is(globalThis.setImmediate, before);
  });

  test("have their events run by the loop, once each, also those that an event asks for", async () => {
    const buffer = new MadeUpBuffer(3);
    await buffer.mapAsync();
    assert.is(buffer.called, 0);
    for (let i = 0; i < 5; i++) await turnOfTheLoop();
    assert.is(buffer.called, 3);
  });

  test("can be taken back like others", async () => {
    let isCalled = false;
    clearImmediate(withEvents(() => setImmediate(() => void (isCalled = true))));
    await turnOfTheLoop();
    assert.not(isCalled);
  });
});

suite("a buffer that is waited for", (test) => {
  test("is mapped when the call returns, after events that the loop then does not run again", async () => {
    const buffer = new MadeUpBuffer(2);
    withMapMode(() => {
      assert.ok(mapNow(buffer.asGpuBuffer));
    });
    assert.is(buffer.called, 2);
    await turnOfTheLoop();
    await turnOfTheLoop();
    assert.is(buffer.called, 2);
  });

  test("may take more polls than are made without a pause", () => {
    withMapMode(() => {
      assert.ok(mapNow(new MadeUpBuffer(400).asGpuBuffer));
    });
  });

  test("leaves callbacks of others to the loop", async () => {
    let calls = 0;
    setImmediate(() => void (calls += 1));
    withMapMode(() => {
      assert.ok(mapNow(new MadeUpBuffer(10).asGpuBuffer));
    });
    assert.is(calls, 0);
    await turnOfTheLoop();
    assert.is(calls, 1);
  });

  test("works off what another one waits for", () => {
    const other = new MadeUpBuffer(1);
    void other.mapAsync();
    withMapMode(() => {
      assert.ok(mapNow(new MadeUpBuffer(2).asGpuBuffer));
    });
    assert.is(other.mapState, "mapped");
  });

  test("is never mapped when its device is lost, and nothing is thrown later", async () => {
    withMapMode(() => {
      assert.not(mapNow(new MadeUpBuffer(2, "unmapped").asGpuBuffer));
    });
    await turnOfTheLoop();
  });

  test("is an error where no event is queued: it would be waited for for ever", async () => {
    const error = await thrownBy(() => {
      withMapMode(() => {
        mapNow(new MadeUpBuffer(0).asGpuBuffer);
      });
    });
    assert.instance(error, KernelError);
    assert.is((error as KernelError).code, "DEVICE_LOST");
    assert.match((error as KernelError).next ?? "", /the version of webgpu that package\.json names/);
  });
});

suite("Dawn's package", (test) => {
  test("is asked for by its name, and what importing it throws is thrown on", async () => {
    const missing = new Error("Cannot find package 'webgpu'");
    const asked: string[] = [];
    const error = await thrownBy(() =>
      loadDawn((specifier) => {
        asked.push(specifier);
        return Promise.reject(missing);
      }),
    );
    assert.is(error, missing);
    assert.equal(asked, ["webgpu"]);
  });
});

gpuSuite("buffers of real devices", (test) => {
  /** A device, and a buffer of its own with these numbers in it, copied by the device. */
  async function deviceOf(dawn: Dawn, options: readonly string[]): Promise<(values: readonly number[]) => GPUBuffer> {
    const { adapter } = await findAdapter(
      { instance: (named) => dawn.instance([...named, ...options]) },
      testedAdapter,
    );
    const device = await withEvents(() => adapter.requestDevice());
    return (values) => {
      const size = 4 * values.length;
      const { COPY_DST, COPY_SRC, MAP_READ } = GPUBufferUsage;
      const [source, target] = [COPY_DST | COPY_SRC, COPY_DST | MAP_READ].map((usage) =>
        device.createBuffer({ size, usage }),
      ) as [GPUBuffer, GPUBuffer];
      device.queue.writeBuffer(source, 0, Float32Array.from(values));
      const encoder = device.createCommandEncoder();
      encoder.copyBufferToBuffer(source, 0, target, 0, size);
      device.queue.submit([encoder.finish()]);
      return target;
    };
  }

  const numbersIn = (buffer: GPUBuffer): number[] => [...new Float32Array(buffer.getMappedRange())];

  test("are read without a turn of the event loop", async () => {
    const fill = await deviceOf(await loadDawn(), []);
    let turns = 0;
    setImmediate(() => void (turns += 1));
    for (let i = 0; i < 20; i++) {
      const buffer = fill([i, i + 0.5]);
      assert.ok(mapNow(buffer));
      assert.equal(numbersIn(buffer), [i, i + 0.5]);
    }
    assert.is(turns, 0);
  });

  test("are read on two instances in turn, now and by the loop", async () => {
    const dawn = await loadDawn();
    assert.is(dawn.instance([]), dawn.instance([]));
    const fills = [await deviceOf(dawn, []), await deviceOf(dawn, ["disable-dawn-features=none"])];
    for (let i = 0; i < 10; i++) {
      const [later, now] = [fills[i % 2]!([i]), fills[(i + 1) % 2]!([-i])];
      const isMapped = later.mapAsync(GPUMapMode.READ);
      assert.ok(mapNow(now));
      assert.equal(numbersIn(now), [-i]);
      await isMapped;
      assert.equal(numbersIn(later), [i]);
    }
  });
});
