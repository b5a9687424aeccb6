/** `switchyard new <kind> <name>`: a plugin with test and document, that works at once. */
import { resolve } from "node:path";
import type { Command } from "../command.ts";
import { findProject, shownPath } from "../project.ts";

export const newPlugin: Command = {
  name: "new",
  summary: "Write a new plugin: code, test and document that work at once.",
  usage: "switchyard new <kind> <name> [--folder <project>]",
  description: "Kinds with a template: source, router, expert, loss, schedule, evaluator.",
  flags: {
    folder: { type: "string", value: "<project>", help: "The project's folder; default the project around this one." },
  },
  examples: ["switchyard new router my-router", "switchyard new evaluator my-metric --folder ../study"],
  positionals: [2, 2],
  run: async (words, io) => {
    const { scaffold } = await import("../../scaffold/scaffold.ts");
    const [kind = "", name = ""] = words.positionals;
    const given = words.get("folder");
    const folder = given === undefined ? findProject(io.cwd).projectFolder : resolve(io.cwd, given);
    const files = await scaffold(kind, name, folder);
    io.out(files.map((file) => `${shownPath(io, file)}\n`).join(""));
    io.err(
      `Its test runs by node --test (after npm install switchyard, outside Switchyard's own repository).\n` +
        `switchyard plugins ${kind}/${name} shows its options, for a config of this project to use.\n`,
    );
    return 0;
  },
};
