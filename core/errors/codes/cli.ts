/** Error codes of the cli room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const cliCodes = {
  UNKNOWN_COMMAND: {
    title: "Switchyard has no such command.",
    why: "The first word after `switchyard` names the command.",
    fix: "Use one of the commands that `switchyard help` lists.",
  },
  UNKNOWN_FLAG: {
    title: "The command has no such flag.",
    why: "Flags start with two dashes. Values of the config are set without dashes, so that the two cannot be confused.",
    fix: "See `switchyard <command> --help`.",
    example: "wrong: switchyard run a.yaml --training.steps=100\nright: switchyard run a.yaml training.steps=100",
  },
  FLAG_VALUE: {
    title: "A flag has a wrong value, no value, or one too many.",
    why: "Guessing what was meant could start the wrong work.",
    fix: "See `expected`, or `switchyard <command> --help`.",
  },
  ARGUMENT_COUNT: {
    title: "The command got too few or too many words.",
    why: "Most often the config file or the sweep's folder was forgotten, or a path with a space was not quoted.",
    fix: "See `expected`, or `switchyard <command> --help`.",
  },
  UNKNOWN_CODE: {
    title: "There is no such error code.",
    why: "Codes are written in capitals with underscores, as at the end of an error's first line.",
    fix: "Run `switchyard explain` for the list of codes.",
  },
  SWEEP_NOT_FOUND: {
    title: "The folder holds no runs.",
    why: "`status`, `compare` and `report` read the folder of a sweep, `runs/<sweep>`, that `switchyard run` wrote.",
    fix: "Name the sweep's folder. `switchyard status` without a folder lists every sweep of the project.",
  },
  RUN_NOT_NAMED: {
    title: "The command wants one run, and the word names none.",
    why: "`features` and `steer` look into one model. A sweep's folder holds several.",
    fix: "Name the folder of a run, `runs/<sweep>/<run>`: the message lists those of the sweep.",
  },
  INTERNAL: {
    title: "Something went wrong that Switchyard did not foresee: a fault in Switchyard or in a plugin.",
    why: "Every foreseen error has a code of its own. This one does not, so its text comes from deep inside.",
    fix: "Set SWITCHYARD_DEBUG=1 and run the command again to see where it comes from, and report it. What was written stays; the same command continues.",
  },
} as const satisfies Record<string, Explanation>;
