import fc from "fast-check";
import * as assert from "uvu/assert";
import { mergeMaps } from "../../../core/config/merge.ts";
import {
  fromPlain,
  mapNode,
  scalarNode,
  toPlain,
  typeOf,
  type ConfigNode,
  type MapNode,
} from "../../../core/config/node.ts";
import {
  dropAt,
  entryAt,
  isBlocked,
  keysUnder,
  listIndexOf,
  nodeAt,
  setAt,
  spanNear,
} from "../../../core/config/paths.ts";
import { fileText, type Span } from "../../../core/config/positions.ts";
import { expandShorthand, slotAround } from "../../../core/config/slots.ts";
import { suite } from "../../suite.ts";

function map(value: Record<string, unknown>): MapNode {
  const node = fromPlain(value);
  assert.ok(node.kind === "map");
  return node;
}

const tree = map({ a: { b: 1, list: [{ type: "x", w: 1 }, "y"] }, c: null, text: "t" });

function set(path: string, value: unknown, root: ConfigNode = tree): unknown {
  const changed = setAt(root, path.split("."), { value: fromPlain(value) });
  return isBlocked(changed) ? `blocked at ${changed.path}` : toPlain(changed);
}

suite("nodes", (test) => {
  test("plain values survive the way through nodes", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        // JSON has no negative zero.
        assert.equal(JSON.stringify(toPlain(fromPlain(value))), JSON.stringify(value));
      }),
    );
  });

  test("what is no plain value becomes null", () => {
    assert.is(toPlain(fromPlain(undefined)), null);
    assert.is(toPlain(fromPlain(() => 1)), null);
  });

  test("the type of a map is text or nothing", () => {
    assert.is(typeOf(map({ type: "switch" })), "switch");
    for (const node of [map({ type: 3 }), map({}), scalarNode("switch"), undefined]) assert.is(typeOf(node), undefined);
  });
});

suite("paths", (test) => {
  test("enter maps by key and lists by position or type", () => {
    const at = (path: string): unknown => {
      const node = nodeAt(tree, path.split("."));
      return node === undefined ? undefined : toPlain(node);
    };
    assert.is(at("a.b"), 1);
    assert.is(at("a.list.0.w"), 1);
    assert.is(at("a.list.x.w"), 1);
    assert.is(at("a.list.1"), "y");
    for (const path of ["a.list.2", "a.list.z", "a.list.-1", "a.b.c", "nothing", "toString"])
      assert.is(at(path), undefined, path);
  });

  test("a position beyond the list is no item", () => {
    const list = nodeAt(tree, ["a", "list"]);
    assert.ok(list?.kind === "list");
    assert.equal(
      ["0", "1", "2", "x", "y"].map((segment) => listIndexOf(list, segment)),
      [0, 1, -1, 0, -1],
    );
  });

  test("setting replaces, adds, and makes maps on the way", () => {
    assert.equal(set("a.b", 2), { a: { b: 2, list: [{ type: "x", w: 1 }, "y"] }, c: null, text: "t" });
    assert.equal((set("new.deep.key", 1) as Record<string, unknown>)["new"], { deep: { key: 1 } });
    assert.equal((set("c.d", 1) as Record<string, unknown>)["c"], { d: 1 }, "null gives way to a map");
    assert.equal((set("a.list.0.w", 9) as { a: { list: unknown } }).a.list, [{ type: "x", w: 9 }, "y"]);
    assert.equal((set("a.list.x", "z") as { a: { list: unknown } }).a.list, ["z", "y"]);
  });

  test("another type clears its siblings; the same type, or a first one, does not", () => {
    assert.equal(set("type", "b", map({ type: "a", k: 1 })), { type: "b" });
    assert.equal(set("type", "a", map({ type: "a", k: 1 })), { type: "a", k: 1 });
    assert.equal(set("type", "a", map({ k: 1 })), { k: 1, type: "a" });
  });

  test("what is in the way is named", () => {
    assert.is(set("a.b.c", 1), "blocked at a.b");
    assert.is(set("text.x.y", 1), "blocked at text");
    assert.is(set("a.list.5", 1), "blocked at a.list");
    assert.is(set("a.list.1.x", 1), "blocked at a.list.1");
  });

  test("the old tree stays as it was", () => {
    const before = JSON.stringify(toPlain(tree));
    set("a.b", 2);
    set("a.list.0.w", 2);
    dropAt(tree, ["a", "b"]);
    assert.is(JSON.stringify(toPlain(tree)), before);
  });

  test("what was replaced is remembered, once", () => {
    const changed = setAt(setAt(tree, ["a", "b"], { value: scalarNode(2) }) as ConfigNode, ["a", "b"], {
      value: scalarNode(3),
    });
    assert.ok(!isBlocked(changed));
    const entry = entryAt(changed, ["a", "b"]);
    assert.is(entry?.value.kind === "scalar" && entry.value.value, 3);
    assert.is(entry?.replaced?.kind === "scalar" && entry.replaced.value, 2);
    assert.is(entryAt(changed, ["a"])?.replaced, undefined);
  });

  test("dropping takes out keys and items, and knows when there is nothing", () => {
    const dropped = (path: string): unknown => {
      const changed = dropAt(tree, path.split("."));
      return changed === undefined ? undefined : toPlain(changed);
    };
    assert.equal(dropped("a"), { c: null, text: "t" });
    assert.equal((dropped("a.list.0") as { a: unknown }).a, { b: 1, list: ["y"] });
    assert.equal((dropped("a.list.x.w") as { a: unknown }).a, { b: 1, list: [{ type: "x" }, "y"] });
    for (const path of ["x", "a.x", "a.list.7", "a.b.c", ""]) assert.is(dropped(path), undefined, path);
  });

  test("setting and then reading gives the value back", () => {
    const key = fc.constantFrom("a", "b", "c", "d");
    fc.assert(
      fc.property(fc.array(key, { minLength: 1, maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }), (path, value) => {
        const changed = setAt(map({}), path, { value: fromPlain(value) });
        assert.ok(!isBlocked(changed));
        const found = nodeAt(changed, path);
        assert.equal(found === undefined ? undefined : JSON.stringify(toPlain(found)), JSON.stringify(value));
        const without = dropAt(changed, path);
        assert.is(without === undefined ? undefined : nodeAt(without, path), undefined);
      }),
    );
  });

  test("lists what is under a path", () => {
    assert.equal(keysUnder(tree, []), ["a", "c", "text"]);
    assert.equal(keysUnder(tree, ["a", "list"]), ["x", "1"]);
    assert.equal(keysUnder(tree, ["text"]), []);
  });

  test("the place of a path is its value's, else the key of the nearest map around it", () => {
    const source = fileText("a.yaml", "");
    const span = (start: number): Span => ({ source, start, end: start + 1 });
    const inner = mapNode(new Map([["b", { keySpan: span(2), value: scalarNode(1, span(3)) }]]), span(1));
    const root = mapNode(new Map([["a", { keySpan: span(0), value: inner }]]), span(9));
    const startOf = (...path: readonly string[]): number | undefined => spanNear(root, path)?.start;
    assert.is(startOf("a", "b"), 3);
    assert.is(startOf("a"), 1);
    assert.is(startOf("a", "x"), 0);
    assert.is(startOf("a", "b", "c"), 2);
    assert.is(startOf("x", "y"), 9);
    assert.is(spanNear(map({}), ["x"]), undefined);
  });
});

suite("merging", (test) => {
  const merged = (base: Record<string, unknown>, over: Record<string, unknown>): unknown =>
    toPlain(mergeMaps(map(base), map(over)));

  test("is deep for maps and shallow for everything else", () => {
    assert.equal(merged({ a: { x: 1, y: { z: 1 } }, l: [1, 2] }, { a: { y: { w: 2 } }, l: [3] }), {
      a: { x: 1, y: { z: 1, w: 2 } },
      l: [3],
    });
    assert.equal(merged({ a: { x: 1 } }, { a: 2 }), { a: 2 });
    assert.equal(merged({ a: 2 }, { a: { x: 1 } }), { a: { x: 1 } });
    assert.equal(merged({ a: 1 }, { a: null }), { a: null });
  });

  test("replaces a map whose type differs, merges one whose type is the same or not said", () => {
    const base = { r: { type: "top-e", e: 2 } };
    assert.equal(merged(base, { r: { type: "switch" } }), { r: { type: "switch" } });
    assert.equal(merged(base, { r: { type: "top-e", k: 1 } }), { r: { type: "top-e", e: 2, k: 1 } });
    assert.equal(merged(base, { r: { k: 1 } }), { r: { type: "top-e", e: 2, k: 1 } });
    assert.equal(merged({ r: { k: 1 } }, { r: { type: "switch" } }), { r: { k: 1, type: "switch" } });
  });

  test("keeps the base's order and puts new keys last", () => {
    assert.equal(Object.keys(merged({ b: 1, a: 1 }, { c: 1, a: 2 }) as object), ["b", "a", "c"]);
  });

  test("laying a config over itself changes nothing", () => {
    const config = fc.dictionary(fc.constantFrom("a", "b", "type"), fc.jsonValue({ maxDepth: 2 }));
    fc.assert(
      fc.property(config, (value) => {
        assert.equal(JSON.stringify(merged(value, value)), JSON.stringify(value));
      }),
    );
  });

  test("remembers what it replaced", () => {
    const entry = mergeMaps(map({ a: 1 }), map({ a: 2 })).entries.get("a");
    assert.is(entry?.replaced?.kind === "scalar" && entry.replaced.value, 1);
  });
});

suite("plugin slots", (test) => {
  test("write the short form out, in single slots and in lists", () => {
    const long = toPlain(
      expandShorthand(
        map({ source: "a", model: { router: "b", expert: { type: "c" } }, losses: ["d", { type: "e" }, 3] }),
      ),
    );
    assert.equal(long, {
      source: { type: "a" },
      model: { router: { type: "b" }, expert: { type: "c" } },
      losses: [{ type: "d" }, { type: "e" }, 3],
    });
  });

  test("leave interpolations, other keys and what is wrong alone", () => {
    const same = { source: "${x}", name: "a", model: { features: "b", router: 3 }, losses: "c", report: "d" };
    assert.equal(toPlain(expandShorthand(map(same))), same);
    const root = map(same);
    assert.is(expandShorthand(root), root, "nothing is copied where nothing changes");
  });

  test("know which plugin a path belongs to", () => {
    const around = (path: string): unknown => {
      const found = slotAround(path.split("."));
      return found === undefined ? undefined : [found.slot.kind, found.depth];
    };
    assert.equal(around("model.router"), ["router", 2]);
    assert.equal(around("model.router.experts"), ["router", 2]);
    assert.equal(around("losses.1.weight"), ["loss", 2]);
    assert.equal(around("report.plots.0"), ["plot", 3]);
    for (const path of ["losses", "model", "model.features", "seed"]) assert.is(around(path), undefined, path);
  });
});
