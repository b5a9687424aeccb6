/** Every error code of Switchyard, with its explanation, collected from the rooms that raise them. */
import { analysisCodes } from "./codes/analysis.ts";
import { cliCodes } from "./codes/cli.ts";
import { configCodes } from "./codes/config.ts";
import { containerCodes } from "./codes/container.ts";
import { dataCodes } from "./codes/data.ts";
import { evaluationCodes } from "./codes/evaluation.ts";
import { inspectionCodes } from "./codes/inspection.ts";
import { interchangeCodes } from "./codes/interchange.ts";
import { kernelsCodes } from "./codes/kernels.ts";
import { modelCodes } from "./codes/model.ts";
import { pluginCodes } from "./codes/plugin.ts";
import { runCodes } from "./codes/run.ts";
import { sweepCodes } from "./codes/sweep.ts";
import type { Explanation } from "./codes/explanation.ts";

const allCodes = {
  ...analysisCodes,
  ...cliCodes,
  ...configCodes,
  ...containerCodes,
  ...dataCodes,
  ...evaluationCodes,
  ...inspectionCodes,
  ...interchangeCodes,
  ...kernelsCodes,
  ...modelCodes,
  ...pluginCodes,
  ...runCodes,
  ...sweepCodes,
} as const;

export type ErrorCode = keyof typeof allCodes;

/** Code -> explanation. */
export const explanations: Readonly<Record<string, Explanation>> = allCodes;
