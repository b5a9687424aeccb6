import * as assert from "uvu/assert";
import { onDemand } from "../../../core/language-model/on-demand.ts";
import { suite } from "../../suite.ts";

suite("on-demand", (test) => {
  test("makes the value once, at the first call, for all callers", async () => {
    let made = 0;
    const value = onDemand(() => Promise.resolve({ number: ++made }));
    assert.is(made, 0);
    const [a, b] = await Promise.all([value.get(), value.get()]);
    assert.is(a, b);
    assert.is(made, 1);
  });

  test("tries again after a failure", async () => {
    let attempts = 0;
    const value = onDemand(() => (++attempts === 1 ? Promise.reject(new Error("first")) : Promise.resolve("second")));
    const message = await value.get().catch((error: unknown) => String(error));
    assert.is(message, "Error: first");
    assert.is(await value.get(), "second");
  });

  test("frees what was made once, and nothing that was not", async () => {
    const freed: string[] = [];
    const value = onDemand(
      () => Promise.resolve("it"),
      (it) => {
        freed.push(it);
      },
    );
    await value.dispose();
    assert.equal(freed, []);
    await value.get();
    await value.dispose();
    await value.dispose();
    assert.equal(freed, ["it"]);
  });
});
