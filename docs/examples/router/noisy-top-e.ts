// East and north fit this row equally well. While training, noise of size ln 2 (of a trained size, later on) is added to
// the scores, so both get their share, and now and then an expert that fits badly. A model in use has no noise.
import { buildModel, compass, print, printRouting, tf } from "../setup.ts";

const model = await buildModel({
  router: { type: "noisy-top-e", experts: 4, e: 1 },
  expert: { type: "top-k", k: 1 },
  parameters: { "router.weight": compass },
});
const row = [[0.5, 0.5]];
const counts = [0, 0, 0, 0];
for (let step = 0; step < 400; step++) {
  const [expert = 0] = tf.tidy(() =>
    model.forward(tf.tensor2d(row), { step, totalSteps: 400 }).routing.expertIndices_BR.dataSync(),
  );
  counts[expert] = (counts[expert] ?? 0) + 1;
}
print("rows an expert", counts);
printRouting(model, row);
