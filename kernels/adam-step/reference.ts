/** The Adam step composed of tfjs operations. */
import * as tf from "@tensorflow/tfjs";
import { referenceVersion, type KernelVersion } from "../kernel-version.ts";
import { appliedGradient } from "./applied-gradient.ts";
import { adamStepName, type AdamStepAttributes, type AdamStepInputs } from "./contract.ts";

export const adamStepReference: readonly KernelVersion[] = [
  referenceVersion(adamStepName, (inputs: AdamStepInputs, attrs: AdamStepAttributes) => {
    const { parameter, first, second } = inputs;
    const gradient = appliedGradient(inputs, attrs);
    const { beta1, beta2, epsilon, stepSize, rootCorrection } = attrs;
    const nextFirst = tf.add(tf.mul(first, beta1), tf.mul(gradient, 1 - beta1));
    const nextSecond = tf.add(tf.mul(second, beta2), tf.mul(tf.square(gradient), 1 - beta2));
    const denominator = tf.add(tf.mul(tf.sqrt(nextSecond), rootCorrection), epsilon);
    parameter.assign(tf.sub(parameter, tf.mul(tf.div(nextFirst, denominator), stepSize)));
    first.assign(nextFirst);
    second.assign(nextSecond);
    return [];
  }),
];
