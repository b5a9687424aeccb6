import * as assert from "uvu/assert";
import { createRecent } from "../../../kernels/webgpu/recent.ts";
import { suite } from "../../suite.ts";

suite("a table of what was used lately", (test) => {
  function counted(most: number) {
    const made: string[] = [];
    const forgotten: string[] = [];
    const table = createRecent<string>(most, (value) => forgotten.push(value));
    const get = (key: string): string =>
      table.get(key, () => {
        made.push(key);
        return key.toUpperCase();
      });
    return { made, forgotten, get };
  }

  test("makes a value once", () => {
    const { made, get } = counted(4);
    assert.equal(["a", "b", "a", "b"].map(get), ["A", "B", "A", "B"]);
    assert.equal(made, ["a", "b"]);
  });

  test("keeps what is asked for again and again, and forgets the rest", () => {
    const { made, forgotten, get } = counted(3);
    for (let i = 0; i < 20; i++) {
      get("kept");
      get(`once ${i}`);
    }
    assert.is(made.filter((key) => key === "kept").length, 1);
    assert.not(forgotten.includes("KEPT"));
    assert.ok(forgotten.length >= 20 - 2 * 3 && new Set(forgotten).size === forgotten.length);
  });

  test("never forgets what it has just handed out", () => {
    const { forgotten, get } = counted(1);
    for (const key of ["a", "b", "a", "c"]) assert.not(forgotten.includes(get(key)));
  });
});
