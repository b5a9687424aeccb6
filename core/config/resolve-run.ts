/**
 * One run's config: the composed tree, the sweep's assignment laid over it, defaults, interpolation, validation. What
 * comes out is frozen and complete; what is wrong comes out all at once.
 */
import type { Composition } from "./compose.ts";
import { locateIn } from "./compose.ts";
import type { RunConfig, ValueSource } from "./config.ts";
import type { ConfigSchema } from "./config-schema.ts";
import { ChoiceCache } from "./choice-cache.ts";
import { choiceProblems } from "./choice-problems.ts";
import { describeValue } from "./describe-value.ts";
import { ConfigError, diagnosticAtSpan, type Diagnostic, type Locator } from "./diagnostic.ts";
import { explainErrors, type PathProblem } from "./explain-errors.ts";
import { fillDefaults, type Plain } from "./fill-defaults.ts";
import { Interpolator } from "./interpolate.ts";
import { Pending } from "./pending.ts";
import { withKeyHint } from "./key-hints.ts";
import { fromPlain, setOwn, type ConfigNode, type MapNode } from "./node.ts";
import { entryAt, isBlocked, joinPath, nodeAt, setAt, splitPath } from "./paths.ts";
import { placeOf, type Place, type Span } from "./positions.ts";
import { expandShorthand, slotAround, type Slot } from "./slots.ts";
import { isTemplate } from "./template.ts";
import { valueSources } from "./value-sources.ts";

/** One value that the sweep gives a run. */
export interface Assignment {
  readonly path: string;
  readonly value: unknown;
  /** The value as it was written, with its place; made from `value` when absent. */
  readonly node?: ConfigNode;
  /** Where the path was written. */
  readonly keySpan?: Span;
}

export interface ResolvedRun extends Locator {
  /** Frozen, defaults filled in. */
  readonly config: RunConfig;
  /** Path of every leaf -> where its value came from. */
  readonly sources: ReadonlyMap<string, ValueSource>;
  locate(path: string): Span;
  place(path: string): Place;
}

/** @throws ConfigError with everything that is wrong with this run's config. */
export function resolveRun(
  composition: Composition,
  assignment: readonly Assignment[],
  schema: ConfigSchema,
): ResolvedRun {
  return createResolver(composition, schema)(assignment);
}

/** Resolves the runs of one sweep; what they have in common is worked out once. */
export type Resolver = (assignment: readonly Assignment[]) => ResolvedRun;

export function createResolver(composition: Composition, schema: ConfigSchema): Resolver {
  const cache = new ChoiceCache();
  const start = composition.locate("");
  return (assignment) => {
    const root = assign(composition.root, assignment, cache);
    const locate = (path: string): Span => locateIn(root, path, start);
    const { config, diagnostics, pended } = evaluate(root, { composition, schema, locate, cache });
    assertRunConfig(config, diagnostics);
    freeze(config);
    cache.keep(root, config, pended);
    let sources: ReadonlyMap<string, ValueSource> | undefined;
    return {
      config,
      get sources() {
        sources ??= valueSources(config, root, new Set(assignment.map(({ path }) => path)));
        return sources;
      },
      locate,
      place: (path) => placeOf(locate(path)),
    };
  };
}

/** Sets the assigned values: choices of plugins first, so that options land on the chosen plugin. */
function assign(tree: MapNode, assignment: readonly Assignment[], cache: ChoiceCache): MapNode {
  const blocked: Diagnostic[] = [];
  const ordered = assignment.map((item) => ({ ...item, segments: splitPath(item.path) }));
  ordered.sort((a, b) => rank(a.segments) - rank(b.segments));
  let root = tree;
  for (const { segments, path, node, value, keySpan } of ordered) {
    const written = node ?? fromPlain(value, keySpan);
    const isChoice = slotAround(segments)?.depth === segments.length;
    const changed = setAt(root, segments, {
      value: isChoice ? cache.expand(written) : written,
      keySpans: segments.map(() => keySpan),
    });
    if (!isBlocked(changed)) {
      if (changed.kind === "map") root = changed;
      continue;
    }
    const span = keySpan ?? written.span ?? changed.node.span;
    if (span === undefined) continue;
    const message = `${changed.path} is ${describeValue(changed.node)}, so ${path} cannot be set.`;
    blocked.push(diagnosticAtSpan(span, path, { code: "OVERRIDE_PATH", message }));
  }
  if (blocked.length > 0) throw new ConfigError(blocked);
  // A whole list or section may have been assigned, with short forms in it.
  return assignment.length === 0 ? root : expandShorthand(root);
}

/** Outer paths before inner ones, `type` before the options beside it. */
function rank(segments: readonly string[]): number {
  return 2 * segments.length + (segments.at(-1) === "type" ? 0 : 1);
}

interface Evaluation {
  readonly composition: Composition;
  readonly schema: ConfigSchema;
  readonly locate: (path: string) => Span;
  readonly cache: ChoiceCache;
}

interface Evaluated {
  readonly config: Plain;
  readonly diagnostics: readonly Diagnostic[];
  /** Paths that were interpolated. */
  readonly pended: readonly string[];
}

function evaluate(root: MapNode, { composition, schema, locate, cache }: Evaluation): Evaluated {
  const pended: string[] = [];
  const pend = (text: string, path: string): Pending => {
    pended.push(path);
    return new Pending(text, path, locate(path));
  };
  const config = plainMap(root, "", { pend, cache });
  config["name"] ??= composition.defaultName;
  const interpolator = new Interpolator({ root: config, env: composition.env });
  const settle = (value: unknown): unknown => interpolator.settle(value);
  const finished = ({ path }: Slot): object | undefined => cache.find(joinPath(path), nodeAt(root, path));
  const choices = fillDefaults(config, { schema, settle, pend, finished });
  settle(config);
  const failed = interpolator.failedPaths;
  const problems = [
    ...explainErrors(schema.checkCore(config), []),
    ...choices.flatMap((choice) => choiceProblems(choice, schema)),
  ].filter(({ subject }) => !failed.some((path) => isInside(joinPath(subject), path)));
  const diagnostics = problems.map((found) => placeProblem(withKeyHint(found, config, schema), root, locate));
  return { config, diagnostics: [...interpolator.diagnostics, ...diagnostics], pended };
}

/** At the key or at the value, with a note when the value replaced another. */
function placeProblem(
  { path, atKey, problem }: PathProblem,
  root: MapNode,
  locate: (path: string) => Span,
): Diagnostic {
  const entry = entryAt(root, path);
  const span = (atKey ? entry?.keySpan : nodeAt(root, path)?.span) ?? locate(joinPath(path));
  const replaced = atKey ? undefined : entry?.replaced?.span;
  const note = replaced === undefined ? [] : [{ message: "replaces the value from", where: placeOf(replaced) }];
  return diagnosticAtSpan(span, joinPath(path), { ...problem, related: [...(problem.related ?? []), ...note] });
}

interface PlainMaker {
  readonly pend: (text: string, path: string) => Pending;
  readonly cache: ChoiceCache;
}

function plainOf(node: ConfigNode, path: string, maker: PlainMaker): unknown {
  if (node.kind === "scalar") return isTemplate(node.value) ? maker.pend(node.value, path) : node.value;
  const finished = maker.cache.find(path, node);
  if (finished !== undefined) return finished;
  if (node.kind === "map") return plainMap(node, path, maker);
  return node.items.map((item, index) => plainOf(item, `${path}.${index}`, maker));
}

function plainMap(node: MapNode, path: string, maker: PlainMaker): Plain {
  const plain: Plain = {};
  for (const [key, { value }] of node.entries) {
    setOwn(plain, key, plainOf(value, path === "" ? key : `${path}.${key}`, maker));
  }
  return plain;
}

function isInside(path: string, outer: string): boolean {
  return path === outer || path.startsWith(`${outer}.`);
}

function assertRunConfig(config: unknown, diagnostics: readonly Diagnostic[]): asserts config is RunConfig {
  if (diagnostics.length > 0) throw new ConfigError(diagnostics);
}

function freeze(value: unknown): void {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return;
  Object.freeze(value);
  for (const item of Object.values(value) as unknown[]) freeze(item);
}
