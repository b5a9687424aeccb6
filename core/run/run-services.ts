/** Services that only the run room knows: what it binds the plugins of a config to. */
import type { Evaluator } from "../evaluation/contracts.ts";
import type { Expert, Router } from "../model/contracts.ts";
import type { SparseAutoencoder } from "../model/sparse-autoencoder.ts";
import { defineService } from "../plugin/service.ts";
import type { ServiceRef } from "../plugin/service.ts";
import type { Loss, Optimizer, Schedule, Tracker } from "../training/contracts.ts";

export const routerRef = defineService<Router>("run.router", "run");
export const expertRef = defineService<Expert>("run.expert", "run");
export const modelRef = defineService<SparseAutoencoder>("run.model", "run");
export const optimizerRef = defineService<Optimizer>("run.optimizer", "run");
export const scheduleRef = defineService<Schedule>("run.schedule", "run");

/** @param index Position in the config's list. */
export function lossRef(index: number): ServiceRef<Loss> {
  return defineService<Loss>(`run.losses.${index}`, "run");
}

/** @param index Position in the config's list. */
export function evaluatorRef(index: number): ServiceRef<Evaluator> {
  return defineService<Evaluator>(`run.evaluators.${index}`, "run");
}

/** @param index Position in the config's list. */
export function trackerRef(index: number): ServiceRef<Tracker> {
  return defineService<Tracker>(`run.trackers.${index}`, "run");
}
