/**
 * How the reference breaks ties between experts. Its gate scores are clipped at 0, so many rows have fewer than e
 * positive ones, and the rest of their e experts come out of a tie of zeros. PyTorch's CPU topk takes whatever
 * libstdc++'s std::nth_element leaves in front; our router takes the lower index, on every device. To replay recorded
 * numbers, the golden tests exchange experts among exactly those ties. Gates do not change by that: tied scores have
 * equal gates, and a score clipped to 0 has no gradient.
 *
 * Shapes: B rows, D width, E experts, R experts a row.
 */
import type * as tensorflow from "@tensorflow/tfjs";
import type { Router } from "../../core/model/contracts.ts";

export function withReferenceTies(router: Router, tf: typeof tensorflow): Router {
  return {
    initialise: (shape, rng) => router.initialise(shape, rng),
    route: (acts_BD, parameters) => {
      const routing = router.route(acts_BD, parameters);
      const { weight, input_bias, score_bias } = parameters;
      const scores = tf.tidy(() => {
        const products_BE = tf.matMul(tf.sub(acts_BD, input_bias!), weight!, false, true);
        return tf.relu(tf.add(products_BE, score_bias!)).arraySync() as number[][];
      });
      const chosen = routing.expertIndices_BR.arraySync().map((experts, b) => retie(experts, scores[b]!));
      return { ...routing, expertIndices_BR: tf.tensor2d(chosen, routing.expertIndices_BR.shape, "int32") };
    },
  };
}

/** The chosen experts of a row, those with score 0 exchanged for the ones that the reference chooses. */
export function retie(experts: readonly number[], scores: readonly number[]): number[] {
  const tied = nthElement(scores, experts.length).filter((expert) => scores[expert] === 0);
  return experts.map((expert) => (scores[expert]! > 0 ? expert : tied.shift()!));
}

/**
 * The indices of the `count` largest values as std::nth_element(begin, begin + count - 1, end, greater) of libstdc++
 * leaves them: introselect, that is, median-of-three partitions until three elements are left, then insertion sort.
 */
export function nthElement(values: readonly number[], count: number): number[] {
  const order = values.map((_value, index) => index);
  const before = (a: number, b: number): boolean => values[order[a]!]! > values[order[b]!]!;
  const swap = (a: number, b: number): void => {
    [order[a], order[b]] = [order[b]!, order[a]!];
  };
  let first = 0;
  let last = values.length;
  while (last - first > 3) {
    swap(first, medianOfThree(before, first + 1, first + Math.floor((last - first) / 2), last - 1));
    const cut = partition(before, swap, first, last);
    if (cut <= count - 1) first = cut;
    else last = cut;
  }
  const rest = order.slice(first, last).sort((a, b) => values[b]! - values[a]!);
  order.splice(first, rest.length, ...rest);
  return order.slice(0, count);
}

type Before = (a: number, b: number) => boolean;

function medianOfThree(before: Before, a: number, b: number, c: number): number {
  if (before(a, b)) return before(b, c) ? b : before(a, c) ? c : a;
  return before(a, c) ? a : before(b, c) ? c : b;
}

/** Around the pivot at `first`; returns where the second part starts. */
function partition(before: Before, swap: (a: number, b: number) => void, first: number, last: number): number {
  let low = first + 1;
  let high = last;
  for (;;) {
    while (before(low, first)) low += 1;
    high -= 1;
    while (before(first, high)) high -= 1;
    if (low >= high) return low;
    swap(low, high);
    low += 1;
  }
}
