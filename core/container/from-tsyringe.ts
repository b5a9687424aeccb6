/**
 * Makes a token of an existing tsyringe container a dependency of plugins. tsyringe is an optional peer: nothing of
 * it is imported here, its container is taken by shape.
 */
import { messageOf, SwitchyardError } from "../errors/switchyard-error.ts";
import { defineService, type ServiceRef, type ServiceScope } from "../plugin/service.ts";

/** A class whose instances are T, as tsyringe takes one for a token. */
type Constructor<T> = abstract new (...args: never[]) => T;

export type TsyringeToken<T> = string | symbol | Constructor<T>;

/** The part of tsyringe's DependencyContainer that is used. */
export interface TsyringeContainer {
  resolve(token: never): unknown;
}

/**
 * A reference that is resolved from a tsyringe container when a plugin needs it; list it in `deps`. tsyringe decides
 * how long the instance lives, and disposes of it.
 * @param token A class, or a string or symbol (then name T).
 * @param options `scope`: "sweep" (the default) resolves once for all runs, "run" once in each.
 * @example deps: { store: fromTsyringe(container, FeatureStore) }
 */
export function fromTsyringe<T>(
  container: TsyringeContainer,
  token: TsyringeToken<T>,
  options: { readonly scope?: ServiceScope } = {},
): ServiceRef<T> {
  const name = typeof token === "function" ? token.name : String(token);
  const provide = (): T => {
    try {
      return container.resolve(token as never) as T; // tsyringe's promise for this token
    } catch (cause) {
      throw new SwitchyardError("TSYRINGE_UNRESOLVED", `The tsyringe container could not resolve ${name}.`, {
        expected: `a registration of ${name}`,
        received: messageOf(cause),
        next: "Register the token in that container before the plugin is built.",
        cause,
      });
    }
  };
  return defineService<T>(`tsyringe.${name}`, options.scope ?? "sweep", provide);
}
