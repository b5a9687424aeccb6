/**
 * What a training step is busy with, so that a profile can say where its time goes. Whoever trains announces each
 * change to a listener; without one, announcing costs a comparison with `undefined`.
 */

/** The parts of a step, in their order. */
export const stepPhases = [
  /** The next batch is awaited and copied to the device. */
  "data",
  /** Parameters are projected onto their constraints. */
  "project",
  /** Model and losses. */
  "forward",
  /** Gradients; then the losses are read, which waits for a device that computes behind our back. */
  "backward",
  /** The gradients' norm, and clipping. */
  "norm",
  /** The optimizer's step. */
  "update",
  /** Everything else: log lines, trackers, the event loop. */
  "other",
] as const;

export type StepPhase = (typeof stepPhases)[number];

/** A checkpoint belongs to no step, nor does what is recorded beside it: only some steps end with either. */
export type TrainingPhase = StepPhase | "checkpoint";

/** Called where a phase begins, which ends the one before. "data" begins a step. */
export type PhaseListener = (phase: TrainingPhase) => void;
