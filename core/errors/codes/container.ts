/** Error codes of the container room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const containerCodes = {
  CONTAINER_GRAPH: {
    title: "The services that plugins ask for cannot be wired together.",
    why: "Before anything is built, every dependency is followed: one that nobody provides, a circle, or a service of the whole sweep that needs one of a single run would fail later, after time and memory were spent. All such problems are listed at once.",
    fix: "Correct each listed dependency; every line names the plugin and the place in the config that asked for it.",
    example:
      "core.checkpoints -> core.clock -> core.checkpoints   (cycle)\nsource/openwebtext needs core.tokenizer              (not provided)",
  },
  CONTAINER_CREATE_FAILED: {
    title: "A plugin or service failed while it was built.",
    why: "Its `create` threw. The message shows the error and the chain of dependencies that asked for it.",
    fix: "Correct the cause that is shown; the next attempt builds the service anew.",
  },
  CONTAINER_NOT_BOUND: {
    title: "A service was asked for that the container does not have.",
    why: "Plugins receive only what they list in `deps`, and the container holds only what was bound before it was built.",
    fix: "List the service in `deps`, or bind it.",
  },
  CONTAINER_DISPOSED: {
    title: "A service was asked for after its container was disposed of.",
    why: "A run's services are freed when the run ends; using one later would touch freed tensors or closed files.",
    fix: "Keep work with the service inside the run, and await it before the run ends.",
  },
  CONTAINER_DISPOSE_FAILED: {
    title: "Some services failed while they were freed.",
    why: "Every `dispose` is called even when another one throws; the failures are collected here.",
    fix: "Correct the `dispose` of each plugin that is listed.",
  },
  TSYRINGE_UNRESOLVED: {
    title: "A tsyringe container could not resolve a token that a plugin depends on.",
    why: "The token is not registered there, or the class behind it could not be constructed.",
    fix: "Register the token in the tsyringe container before the plugin is built.",
  },
} as const satisfies Record<string, Explanation>;
