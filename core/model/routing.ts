/** Checks what a router returns, before kernels index memory by it. */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ModelShape, Routing } from "./contracts.ts";

/**
 * @param rows B
 * @throws SwitchyardError ROUTING_SHAPE when indices or gates are not [B, R], indices are not int32, or
 *   probabilities or logits are not [B, E - S]. Values are not read: that would wait for the device at every step.
 */
export function checkRouting(routing: Routing, rows: number, shape: ModelShape): Routing {
  expectTensors(routing);
  const { expertIndices_BR, gates_BR } = routing;
  const expected_BR = `[${rows}, ${shape.selectedExperts}]`;
  expectShape("expertIndices_BR", `int32 ${expected_BR}`, `${expertIndices_BR.dtype} ${text(expertIndices_BR.shape)}`);
  expectShape("gates_BR", `float32 ${expected_BR}`, `${gates_BR.dtype} ${text(gates_BR.shape)}`);
  for (const name of ["probabilities_BE", "logits_BE"] as const) {
    const tensor = routing[name];
    if (tensor === undefined) continue;
    const expected = `float32 [${rows}, ${shape.experts - shape.sharedExperts}]`;
    expectShape(name, expected, `${tensor.dtype} ${text(tensor.shape)}`);
  }
  return routing;
}

/** What a plugin in JavaScript returns has been checked by no compiler. */
function expectTensors(routing: unknown): void {
  const fields = typeof routing === "object" && routing !== null ? Object.keys(routing) : [];
  const missing = ["expertIndices_BR", "gates_BR"].filter((name) => !fields.includes(name));
  if (missing.length === 0) return;
  throw new SwitchyardError("ROUTING_SHAPE", "The router returned no routing.", {
    where: "model.router, route",
    expected: "{ expertIndices_BR, gates_BR } and, where it has them, probabilities_BE",
    received: fields.length === 0 ? String(routing) : `only ${fields.join(", ")}`,
    next: "correct `route` of the router plugin",
  });
}

function expectShape(tensor: string, expected: string, received: string): void {
  if (expected === received) return;
  throw new SwitchyardError(
    "ROUTING_SHAPE",
    `The router returned ${tensor} of another shape or type than its facts promise.`,
    {
      where: `model.router, ${tensor}`,
      expected,
      received,
      next: "correct `route` or `facts` of the router plugin",
    },
  );
}

function text(shape: readonly number[]): string {
  return `[${shape.join(", ")}]`;
}
