/** Reads Vega-Lite specifications for tests: what data they hold, and whether Vega-Lite accepts them. */
import { compile } from "vega-lite";
import type { TopLevelSpec } from "vega-lite";
import type { VegaLiteSpec } from "../../../core/analysis/contracts.ts";

export type Datum = Readonly<Record<string, unknown>>;

/** Inline data of a specification, or of one of its layers. */
export function valuesOf(spec: VegaLiteSpec, layer?: number): readonly Datum[] {
  const holder = layer === undefined ? spec : (spec["layer"] as readonly VegaLiteSpec[])[layer]!;
  return (holder["data"] as { readonly values: readonly Datum[] }).values;
}

/** Compiles to Vega. @returns The number of top-level marks, and everything that the compiler complained about. */
export function compiled(spec: VegaLiteSpec): { readonly numMarks: number; readonly warnings: readonly string[] } {
  const warnings: string[] = [];
  const complain = (...parts: readonly unknown[]) => {
    warnings.push(parts.map(String).join(" "));
    return logger;
  };
  const silent = () => logger;
  const logger = { level: silent, error: complain, warn: complain, info: silent, debug: silent };
  const { spec: vega } = compile(JSON.parse(JSON.stringify(spec)) as TopLevelSpec, { logger: logger as never });
  return { numMarks: vega.marks?.length ?? 0, warnings };
}
