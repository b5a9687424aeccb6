/**
 * Bindings as data: what provides a service, and what it needs for that. The graph of a container is read off a list
 * of these before anything is built.
 */
import type { Dependencies, DependencyRefs, ServiceRef } from "../plugin/service.ts";

/** A service that exists already. The container does not dispose of it. */
export interface ValueBinding {
  readonly ref: ServiceRef<unknown>;
  readonly value: unknown;
  readonly where?: string;
}

/** A service that is built when it is first asked for, once. */
export interface FactoryBinding {
  readonly ref: ServiceRef<unknown>;
  readonly deps?: DependencyRefs;
  readonly create: (deps: never) => unknown;
  readonly dispose?: (instance: never) => void | Promise<void>;
  /** Config position that asked for it: "configs/a.yaml:14:11". */
  readonly where?: string;
  /** For people, in place of the reference's id: "source/gpt2". */
  readonly label?: string;
}

export type Binding = ValueBinding | FactoryBinding;

/** A factory binding whose types agree. */
export interface TypedFactory<T, R extends DependencyRefs> {
  readonly deps?: R;
  readonly create: (deps: Dependencies<R>) => T | Promise<T>;
  readonly dispose?: (instance: T) => void | Promise<void>;
  readonly where?: string;
  readonly label?: string;
}

/** @example bindValue(rngRef, createRng(0)) */
export function bindValue<T>(ref: ServiceRef<T>, value: T, where?: string): ValueBinding {
  return where === undefined ? { ref, value } : { ref, value, where };
}

/** @example bindFactory(sourceRef, { deps: gpt2.deps, create: (deps) => gpt2.create(options, deps), where }) */
// eslint-disable-next-line @typescript-eslint/no-generated-empty-object-type -- a factory without deps receives nothing
export function bindFactory<T, R extends DependencyRefs = Record<never, never>>(
  ref: ServiceRef<T>,
  factory: TypedFactory<T, R>,
): FactoryBinding {
  return { ref, ...factory };
}

/** What a message calls a binding. */
export function labelOf(binding: Binding): string {
  return "create" in binding ? (binding.label ?? binding.ref.id) : binding.ref.id;
}

export function dependenciesOf(binding: Binding): readonly ServiceRef<unknown>[] {
  return "create" in binding ? Object.values(binding.deps ?? {}) : [];
}
