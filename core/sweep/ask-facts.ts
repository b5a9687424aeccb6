/**
 * What plugins say of themselves before anything is built: experts of a router, active features of an expert, width
 * and fingerprint of a source, whether a device is a GPU. Asked once for each distinct set of options, however many runs share it.
 */
import type { PluginChoice } from "../config/config.ts";
import type { ExpertFacts, RouterFacts } from "../model/contracts.ts";
import type { SourceFacts } from "../data/contracts.ts";
import type { DeviceFacts } from "../services.ts";
import { SwitchyardError, messageOf } from "../errors/switchyard-error.ts";
import type { AnyPlugin, ProjectPaths } from "../plugin/define-plugin.ts";
import type { PluginKind } from "../plugin/kinds.ts";
import { canonicalJson } from "./identity.ts";

/** Where plugins are loaded from; the catalogue of the plugin room is one. */
export interface PluginLoader {
  load(kind: PluginKind, name: string): Promise<AnyPlugin>;
}

export interface FactsByKind {
  readonly source: SourceFacts;
  readonly router: RouterFacts;
  readonly expert: ExpertFacts;
  readonly device: DeviceFacts;
}

/** The facts, or the error that asking for them ended with. */
export type Answer<K extends keyof FactsByKind> =
  { readonly facts: FactsByKind[K] } | { readonly error: SwitchyardError };

export interface FactsAsker {
  ask<K extends keyof FactsByKind>(kind: K, choice: PluginChoice): Promise<Answer<K>> | Answer<K>;
}

export function createFactsAsker(loader: PluginLoader, paths: ProjectPaths): FactsAsker {
  const answers = new Map<string, Answer<keyof FactsByKind>>();
  return {
    ask<K extends keyof FactsByKind>(kind: K, choice: PluginChoice) {
      const key = `${kind} ${canonicalJson(choice)}`;
      const known = answers.get(key);
      if (known !== undefined) return known as Answer<K>;
      return askPlugin(kind, choice, { loader, paths }).then((answer) => {
        answers.set(key, answer);
        return answer;
      });
    },
  };
}

async function askPlugin<K extends keyof FactsByKind>(
  kind: K,
  choice: PluginChoice,
  { loader, paths }: { readonly loader: PluginLoader; readonly paths: ProjectPaths },
): Promise<Answer<K>> {
  const { type, ...options } = choice;
  try {
    const plugin = await loader.load(kind, type);
    // The plugin's own schema has checked these options: that is what `never` forgot.
    const facts = plugin.facts as ((options: unknown, paths: ProjectPaths) => unknown) | undefined;
    const answer = (await facts?.call(plugin, options, paths)) ?? withoutFacts[kind];
    if (isFacts(kind, answer)) return { facts: answer };
    return { error: badFacts(kind, type, answer) };
  } catch (error) {
    if (error instanceof SwitchyardError) return { error };
    return {
      error: new SwitchyardError("PLUGIN_FACTS_FAILED", `The ${kind} "${type}" failed: ${messageOf(error)}`, {
        cause: error,
      }),
    };
  }
}

/** Of kinds whose plugins need not state any. */
const withoutFacts: Readonly<Partial<FactsByKind>> = { device: { usesGpu: false } };

function isFacts<K extends keyof FactsByKind>(kind: K, answer: unknown): answer is FactsByKind[K] {
  if (typeof answer !== "object" || answer === null) return false;
  const facts = answer as Readonly<Record<string, unknown>>;
  const isCount = (name: string): boolean => Number.isInteger(facts[name]) && Number(facts[name]) >= 1;
  if (kind === "router") {
    const isOptional = (name: string): boolean =>
      facts[name] === undefined || (Number.isInteger(facts[name]) && Number(facts[name]) >= 0);
    return (
      isCount("numExperts") && isCount("numSelected") && ["numShared", "scores", "trainedScores"].every(isOptional)
    );
  }
  if (kind === "device") {
    const { adapter, memoryBytes } = facts;
    const isText = adapter === undefined || typeof adapter === "string";
    const isFunction = memoryBytes === undefined || typeof memoryBytes === "function";
    return typeof facts["usesGpu"] === "boolean" && isText && isFunction;
  }
  if (kind === "source") return isCount("width") && typeof facts["fingerprint"] === "string";
  const { activeFeatures, meanActiveFeatures: mean } = facts;
  const isMean = mean === undefined || (typeof mean === "number" && mean > 0 && Number.isFinite(mean));
  return isMean && (activeFeatures === undefined || isCount("activeFeatures"));
}

function badFacts(kind: keyof FactsByKind, type: string, answer: unknown): SwitchyardError {
  const expected = {
    router:
      "{ numExperts, numSelected }, whole numbers of at least 1, and optional counts numShared, scores, trainedScores",
    source: "{ width, fingerprint, description }",
    device: "{ usesGpu } with true or false, and optionally adapter, a text, and memoryBytes, a function",
    expert: "{ activeFeatures } with a whole number, { meanActiveFeatures } with a positive one, or {}",
  }[kind];
  return new SwitchyardError("PLUGIN_INVALID", `The facts of the ${kind} "${type}" are not of the right form.`, {
    expected: `facts() that returns ${expected}`,
    received: answer === undefined ? "nothing" : JSON.stringify(answer),
  });
}
