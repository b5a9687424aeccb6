/**
 * The suites that the shipped plugins pass, for authors of others: `import ... from "switchyard/conformance"`. They
 * belong to no test runner: a suite is a list of named cases, and a case is a function.
 * @example
 * import test from "node:test";
 * import { loadPluginFile, routerConformance } from "switchyard/conformance";
 * const plugin = await loadPluginFile("my-router.ts");
 * for (const { name, run } of routerConformance(plugin)) test(name, run);
 */
export { routerConformance } from "./router.ts";
export type { RouterConformanceOptions } from "./router-bench.ts";
export { expertConformance } from "./expert.ts";
export { lossConformance } from "./loss.ts";
export type { LossConformanceOptions } from "./loss.ts";
export { sourceConformance } from "./source.ts";
export type { SourceConformanceOptions } from "./source.ts";
export { evaluatorConformance } from "./evaluator.ts";
export { scheduleConformance } from "./schedule.ts";
export { evaluateRows } from "./evaluate-rows.ts";
export type { RowsToEvaluate } from "./evaluate-rows.ts";
export { loadPluginFile } from "./load-plugin-file.ts";
export type { ConformanceCase, Skips } from "./conformance-case.ts";
export type { ConformanceOptions } from "./workbench.ts";
export { bindFactory, bindValue } from "../../core/container/binding.ts";
