// p = (3/4, 1/4) for this row. While training the expert is drawn from p: expert 0 about three times in four, with its
// own probability as the gate. A model in use takes the most probable one.
import { buildModel, print, printRouting, tf } from "../setup.ts";

const parameters = {
  "router.weight": [
    [Math.log(3), 0],
    [0, 0],
  ],
};
const model = await buildModel({
  router: { type: "stochastic", experts: 2 },
  expert: { type: "top-k", k: 1 },
  parameters,
});
const row = [[1, 0]];
const drawn = Array.from({ length: 400 }, (_unused, step) =>
  tf.tidy(() => model.forward(tf.tensor2d(row), { step, totalSteps: 400 }).routing.expertIndices_BR.dataSync()[0] ?? 0),
);
print("share of expert 0", drawn.filter((expert) => expert === 0).length / drawn.length);
printRouting(model, row);
