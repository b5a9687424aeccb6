/** The test and the document of a new plugin. */
import type { ScaffoldKind } from "./kinds.ts";

export interface NewPlugin {
  readonly kind: ScaffoldKind;
  readonly name: string;
  readonly exported: string;
}

/** How a config names a plugin of each kind. */
const usage: Readonly<Record<ScaffoldKind, (name: string) => string>> = {
  source: (name) => `source: { type: ${name} }`,
  router: (name) => `model:\n  router: { type: ${name}, experts: 8 }`,
  expert: (name) => `model:\n  expert: { type: ${name} }`,
  loss: (name) => `losses: [reconstruction, { type: ${name}, weight: 1 }]`,
  schedule: (name) => `training:\n  schedule: { type: ${name} }`,
  evaluator: (name) => `evaluation:\n  evaluators: [reconstruction, ${name}]`,
};

/** Runs by `node --test` wherever Switchyard is installed. */
export function ownTestText({ kind, name }: NewPlugin): string {
  return `// Run with: node --test test/plugins/${kind}/${name}.test.mjs
import test from "node:test";
import { ${kind}Conformance, loadPluginFile } from "switchyard/conformance";

const plugin = await loadPluginFile(new URL("../../../plugins/${kind}/${name}.ts", import.meta.url));

// What every ${kind} must do. Add below what only this one does.
for (const { name, run } of ${kind}Conformance(plugin)) test(name, run);
`;
}

/** Runs in this repository's runner. */
export function repositoryTestText({ kind, name, exported }: NewPlugin): string {
  return `import { ${exported} } from "../../../plugins/${kind}/${name}.ts";
import { ${kind}Conformance } from "../../conformance/${kind}.ts";
import { suite } from "../../suite.ts";

suite("${kind} ${name}", (test) => {
  // What every ${kind} must do. Add below what only this one does.
  for (const { name, run } of ${kind}Conformance(${exported})) test(name, run);
});
`;
}

export function docText({ kind, name }: NewPlugin): string {
  return `# ${name}

A ${kind} plugin. Say here what it does, when to use it, and where it is described.

\`\`\`yaml
plugins: [./plugins/${kind}/${name}.ts]
${usage[kind](name)}
\`\`\`

\`switchyard plugins ${kind}/${name}\` lists its options.
`;
}
