/**
 * A service reference names something that the container can provide, and carries its type. Plugins list references
 * in `deps`; nobody looks a service up by a bare string.
 */

/** How long a service lives. A sweep service may not depend on a run service. */
export type ServiceScope = "sweep" | "run";

export interface ServiceRef<T> {
  readonly id: string;
  readonly scope: ServiceScope;
  /**
   * Where the service comes from when nobody binds it: a reference made from another container (see
   * `fromTsyringe`) brings its own factory.
   */
  readonly provide?: () => T | Promise<T>;
  /** Never read; carries the type. */
  readonly type?: T;
}

/** @example const rngRef = defineService<Rng>("core.rng", "run"); */
export function defineService<T>(id: string, scope: ServiceScope, provide?: () => T | Promise<T>): ServiceRef<T> {
  return provide === undefined ? { id, scope } : { id, scope, provide };
}

/** Local name -> reference, as a plugin declares them. */
export type DependencyRefs = Readonly<Record<string, ServiceRef<unknown>>>;

/** Local name -> service, as `create` receives them. */
export type Dependencies<R extends DependencyRefs> = {
  readonly [Name in keyof R]: R[Name] extends ServiceRef<infer T> ? T : never;
};
