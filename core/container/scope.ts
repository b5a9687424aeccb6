/**
 * A scope of services: the sweep's, and below it one for each run. The graph is checked first; then the bindings are
 * made in inversify, without decorators (`toResolvedValue`), as singletons of the scope.
 *
 * Two things are done here and not by inversify, for what was measured of its version 8:
 * - Failures travel as values, never as rejections: inversify remembers a rejected singleton for ever and rejects
 *   again when it is unbound. Here a failed service is reported with its path, and built anew when next asked for.
 * - Disposal: inversify deactivates in the order of binding and stops at the first error. Here it is the reverse of
 *   creation, which is the reverse of dependency, and goes on.
 */
import type { Container } from "inversify";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ServiceRef } from "../plugin/service.ts";
import { dependenciesOf, labelOf, type Binding, type FactoryBinding } from "./binding.ts";
import { checkGraph, type GraphParent } from "./graph.ts";
import { createFailed, disposeFailed, scopeDisposed, type CreateFailure, type DisposeFailure } from "./scope-errors.ts";

export interface Scope {
  /**
   * The service, built with everything it needs if it was not yet; always the same instance.
   * @throws SwitchyardError CONTAINER_NOT_BOUND, CONTAINER_CREATE_FAILED (or the code of the cause),
   * CONTAINER_DISPOSED
   */
  get<T>(ref: ServiceRef<T>): Promise<T>;
  /**
   * Disposes of the scopes below, then of what this scope built, dependents first. Every `dispose` is called.
   * Calling it again gives the same promise.
   * @throws SwitchyardError CONTAINER_DISPOSE_FAILED with all failures
   */
  dispose(): Promise<void>;
}

/** @throws SwitchyardError CONTAINER_GRAPH with all problems, before anything is built. */
export function createScope(bindings: readonly Binding[], parent?: Scope): Scope {
  if (parent !== undefined && !(parent instanceof InversifyScope)) {
    throw new TypeError("the parent scope was not made by createScope");
  }
  checkGraph(bindings, parent);
  return new InversifyScope(bindings, parent);
}

/** inversify's identifier of a service: its id, or a symbol where the reference brought its own factory. */
type Key = string | symbol;

type Outcome = { readonly value: unknown } | { readonly failure: CreateFailure };

interface Provided {
  readonly binding: FactoryBinding;
  readonly key: symbol;
}

/** What all scopes of one tree share. */
interface Tree {
  readonly scopes: Set<InversifyScope>;
  /** Calls of `get` that are under way. */
  active: number;
  retrying: Promise<void>;
}

class InversifyScope implements Scope, GraphParent {
  readonly #parent: InversifyScope | undefined;
  readonly #tree: Tree;
  readonly #bindings: ReadonlyMap<string, Binding>;
  /** By the factory function, so that two references of one name from two places do not meet. */
  readonly #provided = new Map<() => unknown, Provided>();
  readonly #failed = new Map<Key, FactoryBinding>();
  readonly #created: { readonly binding: FactoryBinding; readonly instance: unknown }[] = [];
  readonly #building = new Set<Promise<Outcome>>();
  #container: Promise<Container> | undefined;
  #disposal: Promise<void> | undefined;

  constructor(bindings: readonly Binding[], parent: InversifyScope | undefined) {
    this.#parent = parent;
    this.#tree = parent === undefined ? { scopes: new Set(), active: 0, retrying: Promise.resolve() } : parent.#tree;
    this.#tree.scopes.add(this);
    this.#bindings = new Map(bindings.map((binding) => [binding.ref.id, binding]));
  }

  provides(id: string): boolean {
    return this.#bindings.has(id) || this.#parent?.provides(id) === true;
  }

  ids(): readonly string[] {
    return [...this.#bindings.keys(), ...(this.#parent?.ids() ?? [])];
  }

  async get<T>(ref: ServiceRef<T>): Promise<T> {
    if (this.#disposal !== undefined) throw scopeDisposed(ref.id);
    this.#assertKnown(ref);
    if (this.#tree.active === 0) this.#tree.retrying = this.#tree.retrying.then(() => forgetFailures(this.#tree));
    this.#tree.active += 1;
    try {
      await this.#tree.retrying;
      const container = await this.#open();
      const outcome = await container.getAsync<Outcome>(await this.#keyOf(ref));
      if ("failure" in outcome) throw createFailed(outcome.failure, this.#pathTo(outcome.failure, ref));
      return outcome.value as T; // the binding's types were checked where it was made
    } finally {
      this.#tree.active -= 1;
    }
  }

  dispose(): Promise<void> {
    this.#disposal ??= Promise.resolve().then(() => this.#dispose());
    return this.#disposal;
  }

  #open(): Promise<Container> {
    this.#container ??= this.#build();
    return this.#container;
  }

  async #build(): Promise<Container> {
    const { Container } = await import("inversify");
    const container =
      this.#parent === undefined ? new Container() : new Container({ parent: await this.#parent.#open() });
    for (const binding of this.#bindings.values()) {
      if ("create" in binding) await this.#bindFactory(container, binding.ref.id, binding);
      else container.bind<Outcome>(binding.ref.id).toConstantValue({ value: binding.value });
    }
    return container;
  }

  async #bindFactory(container: Container, key: Key, binding: FactoryBinding): Promise<void> {
    const names = Object.keys(binding.deps ?? {});
    const keys: Key[] = [];
    for (const ref of dependenciesOf(binding)) keys.push(await this.#keyOf(ref, container));
    container
      .bind<Outcome>(key)
      .toResolvedValue((...outcomes: Outcome[]) => this.#create(key, binding, names, outcomes), keys)
      .inSingletonScope();
  }

  /** The identifier of a reference; a factory that the reference brought is bound the first time. */
  async #keyOf(ref: ServiceRef<unknown>, container?: Container): Promise<Key> {
    if (ref.provide === undefined || this.provides(ref.id)) return ref.id;
    if (ref.scope === "sweep" && this.#parent !== undefined) return this.#parent.#keyOf(ref);
    const known = this.#provided.get(ref.provide);
    if (known !== undefined) return known.key;
    const provided = { binding: { ref, create: ref.provide }, key: Symbol(ref.id) };
    this.#provided.set(ref.provide, provided);
    await this.#bindFactory(container ?? (await this.#open()), provided.key, provided.binding);
    return provided.key;
  }

  #create(key: Key, binding: FactoryBinding, names: readonly string[], outcomes: readonly Outcome[]): Promise<Outcome> {
    const building = this.#attempt(binding, names, outcomes).then((outcome) => {
      if ("failure" in outcome) this.#failed.set(key, binding);
      else this.#created.push({ binding, instance: outcome.value });
      return outcome;
    });
    this.#building.add(building);
    void building.finally(() => this.#building.delete(building));
    return building;
  }

  async #attempt(binding: FactoryBinding, names: readonly string[], outcomes: readonly Outcome[]): Promise<Outcome> {
    const deps: Record<string, unknown> = {};
    for (const [index, outcome] of outcomes.entries()) {
      if ("failure" in outcome) return outcome;
      deps[names[index] ?? ""] = outcome.value;
    }
    if (this.#disposal !== undefined) return { failure: { binding, cause: scopeDisposed(labelOf(binding)) } };
    try {
      return { value: await binding.create(deps as never) }; // `deps` has what `binding.deps` names
    } catch (cause) {
      return { failure: { binding, cause } };
    }
  }

  /** Rebinds what failed, so that it is tried again. Only called while nothing of the tree is being built. */
  async forgetFailures(): Promise<void> {
    const failed = [...this.#failed];
    this.#failed.clear();
    if (failed.length === 0) return;
    const container = await this.#open();
    for (const [key, binding] of failed) {
      await container.unbindAsync(key);
      await this.#bindFactory(container, key, binding);
    }
  }

  async #dispose(): Promise<void> {
    const failures: DisposeFailure[] = [];
    const below = [...this.#tree.scopes].filter((scope) => scope.#parent === this);
    for (const scope of below.reverse()) {
      await scope.dispose().catch((cause: unknown) => failures.push({ label: "a scope below", cause }));
    }
    while (this.#building.size > 0) await Promise.all(this.#building);
    for (const { binding, instance } of this.#created.splice(0).reverse()) {
      try {
        await binding.dispose?.(instance as never); // made by the same binding's `create`
      } catch (cause) {
        failures.push({ label: labelOf(binding), cause });
      }
    }
    this.#tree.scopes.delete(this);
    if (failures.length > 0) throw disposeFailed(failures);
  }

  #assertKnown(ref: ServiceRef<unknown>): void {
    if (ref.provide !== undefined || this.provides(ref.id)) return;
    throw new SwitchyardError("CONTAINER_NOT_BOUND", `The container has no service ${ref.id}.`, {
      expected: `one of ${[...this.ids()].sort().join(", ")}`,
      received: ref.id,
      next: "Bind it before the scope is made, or list it in the plugin's deps.",
    });
  }

  /** Labels from the service asked for down to the one that failed. */
  #pathTo(failure: CreateFailure, from: ServiceRef<unknown>): readonly string[] {
    const search = (ref: ServiceRef<unknown>, path: readonly string[]): readonly string[] | undefined => {
      const binding = this.#find(ref.id);
      const here = [...path, binding === undefined ? ref.id : labelOf(binding)];
      if (ref.id === failure.binding.ref.id) return here;
      for (const next of binding === undefined ? [] : dependenciesOf(binding)) {
        const found = search(next, here);
        if (found !== undefined) return found;
      }
      return undefined;
    };
    return search(from, []) ?? [from.id, labelOf(failure.binding)];
  }

  #find(id: string): Binding | undefined {
    return this.#bindings.get(id) ?? (this.#parent === undefined ? undefined : this.#parent.#find(id));
  }
}

async function forgetFailures(tree: Tree): Promise<void> {
  for (const scope of tree.scopes) await scope.forgetFailures();
}
