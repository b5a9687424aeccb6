/**
 * Plugin choices that earlier runs of the same sweep finished: completed, checked and frozen. Runs of a sweep differ in
 * a few values; what they share is made once, so that a thousand runs plan in a blink.
 */
import type { ConfigNode } from "./node.ts";
import { nodeAt } from "./paths.ts";
import { expandItem, slots } from "./slots.ts";

export class ChoiceCache {
  /** Path of the slot -> node that it was written as -> finished value. */
  readonly #written = new Map<string, WeakMap<ConfigNode, object>>(
    slots.map(({ path }) => [path.join("."), new WeakMap()]),
  );
  /** Path of the slot -> finished value where nothing is written. */
  readonly #unset = new Map<string, object>();
  readonly #expanded = new WeakMap<ConfigNode, ConfigNode>();

  /** The finished value of the slot at a path; `node` is what is written there. */
  find(path: string, node: ConfigNode | undefined): object | undefined {
    return node === undefined ? this.#unset.get(path) : this.#written.get(path)?.get(node);
  }

  /**
   * Keeps the plugin choices of a valid run.
   * @param root The tree that the run was made from.
   * @param config Its frozen values.
   * @param pended Paths whose values were interpolated: they may differ in the next run.
   */
  keep(root: ConfigNode, config: unknown, pended: readonly string[]): void {
    for (const slot of slots) {
      const path = slot.path.join(".");
      if (pended.some((changing) => changing === path || changing.startsWith(`${path}.`))) continue;
      const value = slot.path.reduce<unknown>(
        (parent, key) => (isObject(parent) ? Reflect.get(parent, key) : undefined),
        config,
      );
      const node = nodeAt(root, slot.path);
      if (!isObject(value)) continue;
      if (node === undefined) this.#unset.set(path, value);
      else this.#written.get(path)?.set(node, value);
    }
  }

  /** The long form of a plugin's name, the same node every time. */
  expand(node: ConfigNode): ConfigNode {
    const expanded = this.#expanded.get(node) ?? expandItem(node);
    this.#expanded.set(node, expanded);
    return expanded;
  }
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}
