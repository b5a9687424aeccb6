/** `switchyard schema`: the JSON Schema of configs, for editors. */
import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { openProject, writeSchema } from "../composition-root.ts";
import { shownPath } from "../project.ts";

export const schema: Command = {
  name: "schema",
  summary: "Write the JSON Schema of configs, from which an editor completes and checks.",
  usage: "switchyard schema [--out <file>] [--config <file>]",
  description:
    "`switchyard run` writes it too. An editor finds it by the first line of a config:\n" +
    "  # yaml-language-server: $schema=../.switchyard/schema.json",
  flags: {
    out: {
      type: "string",
      value: "<file>",
      help: "Where to write it; default .switchyard/schema.json in the project.",
    },
    config: { type: "string", value: "<file>", help: "Include the plugins that this config names." },
  },
  examples: ["switchyard schema", "switchyard schema --config configs/mine.yaml"],
  positionals: [0, 0],
  run: async (words, io) => {
    const opened = await openProject(io, words.get("config"));
    const out = words.get("out");
    const file = out === undefined ? opened.project.schemaFile : resolve(io.cwd, out);
    writeSchema(file, opened.schema);
    io.out(`${shownPath(io, file)}\n`);
    return 0;
  },
};
