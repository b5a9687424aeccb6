/** What a scope reports: which service failed, by which path it was asked for, and what its own error says. */
import { messageOf, SwitchyardError, type ErrorFields } from "../errors/switchyard-error.ts";
import { labelOf, type FactoryBinding } from "./binding.ts";

/** A `create` that threw. */
export interface CreateFailure {
  readonly binding: FactoryBinding;
  readonly cause: unknown;
}

/** A `dispose` that threw. */
export interface DisposeFailure {
  readonly label: string;
  readonly cause: unknown;
}

/**
 * A Switchyard error keeps its code and its advice, so that `switchyard explain` leads to the true cause; any other
 * error is wrapped. Both say which services were being built.
 * @param path Labels from the service asked for down to the one that failed.
 */
export function createFailed(failure: CreateFailure, path: readonly string[]): SwitchyardError {
  const { binding, cause } = failure;
  const building = `while building ${path.join(" -> ")}`;
  if (cause instanceof SwitchyardError) {
    const where = cause.where ?? binding.where;
    return new SwitchyardError(cause.code, cause.summary, {
      where: where === undefined ? building : `${where}, ${building}`,
      ...given("expected", cause.expected),
      ...given("received", cause.received),
      ...given("next", cause.next),
      cause,
    });
  }
  return new SwitchyardError("CONTAINER_CREATE_FAILED", `${labelOf(binding)} failed while it was built.`, {
    where: binding.where === undefined ? building : `${binding.where}, ${building}`,
    received: `${cause instanceof Error ? cause.name : "a thrown value"}: ${messageOf(cause)}`,
    next: "Correct the plugin's create, or the options that it was given.",
    cause,
  });
}

/** One error for all failures. */
export function disposeFailed(failures: readonly DisposeFailure[]): SwitchyardError {
  const lines = failures.map(({ label, cause }) => `    ${label}: ${messageOf(cause)}`);
  return new SwitchyardError("CONTAINER_DISPOSE_FAILED", `Freeing services failed:\n${lines.join("\n")}`, {
    received: failures.length === 1 ? "1 failure" : `${failures.length} failures`,
    next: "Correct the dispose of the plugins listed; everything else was freed.",
    cause: new AggregateError(failures.map(({ cause }) => cause)),
  });
}

export function scopeDisposed(service: string): SwitchyardError {
  return new SwitchyardError("CONTAINER_DISPOSED", `${service} was asked for after its scope was disposed of.`, {
    next: "Await work that needs the service before the run ends.",
  });
}

function given(field: "expected" | "received" | "next", text: string | undefined): ErrorFields {
  return text === undefined ? {} : { [field]: text };
}
