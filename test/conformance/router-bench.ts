/** A router at work on a batch, for the cases of its suite. Shapes: B rows, D width. */
import type * as tf from "@tensorflow/tfjs";
import type {
  ModelShape,
  NamedTensors,
  ParameterInit,
  Router,
  RouterFacts,
  TrainingMoment,
} from "../../core/model/contracts.ts";
import { createRng } from "../../core/model/rng.ts";
import type { AnyPlugin } from "../../core/plugin/define-plugin.ts";
import type { Device } from "../../kernels/devices/device.ts";
import { expect } from "./conformance-case.ts";
import { readRouting, type RoutingData } from "./routing-data.ts";
import { factsOf, normals, shapeFor, withPlugin, type ConformanceOptions } from "./workbench.ts";

/** B of the bench's batch. */
export const rows = 24;
/** When the cases train. */
export const moment: TrainingMoment = { step: 3, totalSteps: 10 };

export interface RouterConformanceOptions extends ConformanceOptions {
  /**
   * The router draws at random while training: it must draw anew at another step, from the run's seed alone. What a
   * draw by the row's position cannot hold is skipped by name.
   */
  readonly draws?: boolean;
}

export interface RoutedRows {
  /** Row of the bench's batch that comes first; 0 when left out. */
  readonly from?: number;
  /** All that follow when left out. */
  readonly count?: number;
  readonly parameters?: NamedTensors;
  /** In place of the bench's own. */
  readonly training?: TrainingMoment;
}

/** A router with parameters and a batch. */
export interface RouterBench {
  readonly router: Router;
  readonly shape: ModelShape;
  readonly device: Device;
  readonly inits: Readonly<Record<string, ParameterInit>>;
  readonly parameters: Readonly<Record<string, tf.Variable>>;
  readonly acts_BD: tf.Tensor2D;
  /** Absent: the model is evaluated. */
  readonly training: TrainingMoment | undefined;
  /** Routes rows of the batch and reads the result. */
  readonly route: (given?: RoutedRows) => RoutingData;
}

export interface BenchMoment {
  /** Absent: the model is evaluated. */
  readonly training: TrainingMoment | undefined;
  /** Of the run, from which services draw. */
  readonly seed?: number;
}

export async function withRouter(
  plugin: AnyPlugin,
  given: ConformanceOptions,
  { training, seed = 1 }: BenchMoment,
  check: (bench: RouterBench) => Promise<void> | void,
): Promise<void> {
  const facts = await factsOf<"router">(plugin, given);
  checkFacts(facts);
  const setting = { shape: shapeFor(facts), seed };
  await withPlugin<"router">(plugin, given, setting, async ({ instance: router, device, shape }) => {
    const { tf } = device;
    const rng = createRng(7);
    const inits = router.initialise(shape, rng);
    const stream = rng.stream("conformance");
    const parameters = Object.fromEntries(
      Object.entries(inits).map(([name, init]) => {
        // Moved off their start, where zeros would hide what depends on them.
        const noise = normals(stream, init.values.length, 0.1);
        const moved = init.values.map((value, i) => value + noise[i]!);
        return [name, tf.variable(tf.tensor(moved, [...init.shape]), init.trainable !== false)];
      }),
    );
    const acts_BD = tf.tensor2d(normals(stream, rows * shape.width), [rows, shape.width]);
    const route = (wanted: RoutedRows = {}): RoutingData => {
      const { from = 0, count = rows - from } = wanted;
      const routed: RoutingData[] = [];
      tf.tidy(() => {
        const batch_BD = tf.slice(acts_BD, [from, 0], [count, shape.width]);
        routed.push(readRouting(router.route(batch_BD, wanted.parameters ?? parameters, wanted.training ?? training)));
      });
      return routed[0]!;
    };
    try {
      await check({ router, shape, device, inits, parameters, acts_BD, training, route });
    } finally {
      tf.dispose([acts_BD, ...Object.values(parameters)]);
    }
  });
}

export function checkFacts({ numExperts, numSelected, numShared = 0 }: RouterFacts): void {
  const isWhole = (value: number, least: number, most: number): boolean =>
    Number.isInteger(value) && value >= least && value <= most;
  expect(isWhole(numExperts, 1, Infinity), "facts.numExperts", "a whole number from 1", numExperts);
  expect(
    isWhole(numSelected, 1, numExperts),
    "facts.numSelected",
    `a whole number from 1 to ${numExperts}`,
    numSelected,
  );
  // At least one expert of a row is chosen, or nothing is routed.
  expect(
    isWhole(numShared, 0, numSelected - 1),
    "facts.numShared",
    `a whole number from 0 to ${numSelected - 1}`,
    numShared,
  );
}
