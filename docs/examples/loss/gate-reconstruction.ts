// The gate's own code of [3, 1] is ReLU([3, 1, -3, -1] - 1) = [2, 0, 0, 0], which decodes to [2, 0]: error 1 + 1.
import { buildModel, gradientOf, lossOf, print } from "../setup.ts";

const model = await buildModel({
  expert: { type: "gated" },
  parameters: { "expert.gate_bias": [-1, -1, -1, -1] },
});
const rows = [[3, 1]];
const choice = { type: "gate-reconstruction" };
print("loss", await lossOf(choice, model, rows));

// It trains the gate, not the decoder: raising the open gate's bias would lower the error.
for (const parameter of ["expert.gate_bias", "decoder"]) {
  print(parameter, await gradientOf(choice, model, { rows, parameter }));
}
