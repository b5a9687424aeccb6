/** Error codes of the config room. A code never changes its meaning; a retired one is not reused. */
import type { Explanation } from "./explanation.ts";

export const configCodes = {
  CONFIG_FILE_MISSING: {
    title: "There is no config file of that name.",
    why: "A config, or a file that it extends, could not be found. Bases are looked for relative to the file that names them.",
    fix: "Correct the name; the message suggests the nearest file of the same folder.",
  },
  CONFIG_FILE_IS_FOLDER: {
    title: "A folder was given where a config file is expected.",
    why: "A sweep starts from one file, which may extend others.",
    fix: "Name one of the configs in the folder.",
  },
  CONFIG_FILE_UNREADABLE: {
    title: "A config file exists but cannot be read.",
    why: "The operating system refused to open it; the message carries its reason, EACCES for missing rights.",
    fix: "Check the rights of the file and of the folders above it.",
  },
  CONFIG_NOT_TEXT: {
    title: "A config file is not UTF-8 text.",
    why: "It holds bytes that are no UTF-8, or it was saved as UTF-16. A checkpoint given by mistake looks like this too.",
    fix: "Save the file as UTF-8, or name another file.",
  },
  CONFIG_BYTE_ORDER_MARK: {
    title: "A config file starts with a byte order mark.",
    why: "Switchyard reads past it, but other tools take it for the first letter of the first key.",
    fix: 'Save the file as "UTF-8" rather than "UTF-8 with BOM".',
  },
  CONFIG_EMPTY: {
    title: "A config file holds nothing.",
    why: "It is empty, or every line is a comment.",
    fix: "Write at least source: and model:, or extend a base that has them.",
  },
  CONFIG_NOT_A_MAP: {
    title: "A config file is not a map of keys to values.",
    why: "The outermost thing in a config is a map; this file starts with a list or holds one bare value.",
    fix: "Write keys at the start of the lines.",
    example: "wrong:  - source: gpt2\nright:  source: gpt2",
  },
  YAML_SYNTAX: {
    title: "A config file is not valid YAML.",
    why: "The text cannot be read any further from the place shown. One slip often makes the rest unreadable, so only the first is reported.",
    fix: "Look at the marked place and just before it: a bracket, a quote, a comma or an indentation.",
  },
  YAML_TAB: {
    title: "A line is indented with a tab.",
    why: "YAML allows only spaces as indentation, because tabs are shown in different widths.",
    fix: "Replace the tab by spaces; editors can do that on saving.",
  },
  YAML_DUPLICATE_KEY: {
    title: "A key is written twice in one map.",
    why: "One of the two values would be lost silently, and readers disagree on which.",
    fix: "Remove one of them.",
  },
  YAML_UNKNOWN_ALIAS: {
    title: "An alias names no anchor above it.",
    why: "*name stands for the value that was marked &name earlier in the same file. Anchors do not cross files.",
    fix: "Mark the value with &name above, or correct the name; use extends to share between files.",
    example: "base: &small { experts: 4 }\nrouter: { <<: *small, type: switch }",
  },
  YAML_ALIAS_TOO_LARGE: {
    title: "Aliases of aliases stand for too many values.",
    why: "Written out, this file would not fit in memory. Ten lines can stand for billions of values.",
    fix: "Write the values out, or use a sweep.",
  },
  YAML_UNQUOTED_INTERPOLATION: {
    title: "An interpolation inside { } or [ ] is not quoted.",
    why: "Inside brackets YAML reads the { of ${...} as the start of a map.",
    fix: "Put the interpolation in double quotes.",
    example: 'wrong:  adam: { learningRate: ${model.features} }\nright:  adam: { learningRate: "${model.features}" }',
  },
  YAML_UNSUPPORTED: {
    title: "A config uses a part of YAML that has no meaning here.",
    why: "Tags, maps or lists as keys, and merge keys of other things than maps are not read.",
    fix: "Write plain keys and values; write ${env:NAME} for an environment variable.",
  },
  YAML_TOO_DEEP: {
    title: "A config is nested too deeply.",
    why: "No config needs a hundred levels; an unclosed bracket in a loop can make them.",
    fix: "Look for repeated opening brackets.",
  },
  EXTENDS_INVALID: {
    title: "extends does not name files.",
    why: "It takes one path or a list of paths, known before any value is.",
    fix: "Write extends: base.yaml or extends: [base.yaml, gpu.yaml].",
  },
  EXTENDS_CYCLE: {
    title: "Configs extend each other in a circle.",
    why: "Each waits for the other to be read first.",
    fix: "Remove one of the extends; move what both need into a third file.",
  },
  OVERRIDE_SYNTAX: {
    title: "A word on the command line is no override.",
    why: "Words after the config change it: path=value sets, +path=value adds, ++path=value forces, ~path drops, path=1,2 sweeps.",
    fix: "Write one of these forms; quote words with spaces or brackets for the shell.",
    example: "switchyard run exp.yaml training.steps=200 'model.router={type: switch, experts: 8}'",
  },
  OVERRIDE_EXISTS: {
    title: "A value is added that exists already.",
    why: 'A leading "+" promises that the path is new, so that a typing slip cannot change another value.',
    fix: 'Leave the "+" out to change the value, or write "++" to set it in either case.',
  },
  OVERRIDE_NOTHING_TO_DROP: {
    title: "A path is dropped that is not there.",
    why: "~path removes a value that a file wrote. Defaults cannot be dropped, only set.",
    fix: "Correct the path.",
  },
  OVERRIDE_PATH: {
    title: "A path leads through something that is no map.",
    why: "The path of a command-line word or of a sweep's axis can enter maps by key, and lists by position or by the type of an item that the files write.",
    fix: "Correct the path, or set the whole value around it.",
    example: "losses.1.weight=3 and losses.load-balance.weight=3 mean the same item.",
  },
  INTERPOLATION_SYNTAX: {
    title: "The inside of ${...} cannot be understood.",
    why: "It takes numbers, paths such as model.features, + - * / % **, parentheses, and the functions sqrt, min, max, floor, ceil, round, log2.",
    fix: "Correct the marked place. Write $${ for a literal ${.",
  },
  INTERPOLATION_UNKNOWN_PATH: {
    title: "An interpolation names a value that this run does not have.",
    why: "Paths start at the top of the config. Defaults can be named; options of plugins that the run does not use cannot.",
    fix: "Correct the path; in a sweep over plugins, name only what every one of them has.",
  },
  INTERPOLATION_CYCLE: {
    title: "Interpolations need each other.",
    why: "Each value waits for the other to be known.",
    fix: "Give one of them a value of its own.",
  },
  INTERPOLATION_TYPE: {
    title: "An interpolation uses a value of the wrong kind.",
    why: "Arithmetic needs numbers; only text, numbers and true or false can stand inside a text.",
    fix: "Name a number, or use the value alone: a text that is nothing but ${...} keeps the type.",
  },
  INTERPOLATION_NOT_FINITE: {
    title: "An interpolation gives no finite number.",
    why: "It divides by zero, or its result is infinite or undefined, as the root of a negative number.",
    fix: "Check the values that go in; the message shows them.",
  },
  ENVIRONMENT_MISSING: {
    title: "A config needs an environment variable that is not set.",
    why: "${env:NAME} without a default must be set where Switchyard is started.",
    fix: "Set the variable, or write ${env:NAME,default}.",
  },
  UNKNOWN_KEY: {
    title: "A config has a key that means nothing.",
    why: "A misspelt key that is silently ignored gives results of another experiment, so every key must be known.",
    fix: "Correct the key; the message shows the nearest known one and lists the others.",
  },
  MISSING_KEY: {
    title: "A config lacks a key that has no default.",
    why: "There is no value for it that would be right for most experiments.",
    fix: "Write the key.",
  },
  WRONG_TYPE: {
    title: "A value is of the wrong type.",
    why: 'For example text where a number is expected. In YAML "8" in quotes is text, and yes and no are text too.',
    fix: "Write a value of the expected type.",
  },
  VALUE_NOT_ALLOWED: {
    title: "A value is not one of those allowed.",
    why: "This key takes one of a fixed set of values.",
    fix: "Write one of the values that the message lists.",
  },
  VALUE_OUT_OF_RANGE: {
    title: "A number is outside its range.",
    why: "The value would make no sense, or nothing would be learned with it.",
    fix: "Write a number in the range that the message shows.",
  },
  VALUE_INVALID: {
    title: "A value breaks a rule of its plugin's options.",
    why: "The plugin's schema asks for more than a type: a pattern, a length, a combination.",
    fix: "Read the option's description: switchyard plugins shows it.",
  },
  PLUGIN_SCHEMA_INVALID: {
    title: "A plugin's options are not a JSON Schema.",
    why: "The options of a plugin are checked by a schema that the plugin brings, and this one cannot be compiled.",
    fix: "Build the options with TypeBox: Type.Object({ k: Type.Integer({ minimum: 1 }) }).",
  },
} as const satisfies Record<string, Explanation>;
