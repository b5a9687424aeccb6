/** Kinds of plugin that have a template: those that researchers mostly write. */
export const scaffoldKinds = ["source", "router", "expert", "loss", "schedule", "evaluator"] as const;

export type ScaffoldKind = (typeof scaffoldKinds)[number];
