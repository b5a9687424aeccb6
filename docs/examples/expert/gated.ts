// The gate's bias closes a feature below 1.5; the magnitude of what stays open is untouched by that bias.
import { buildModel, print, printCode } from "../setup.ts";

const rows = [[3, 1]];
const model = await buildModel({
  expert: { type: "gated" },
  parameters: { "expert.gate_bias": [-1.5, -1.5, -1.5, -1.5] },
});
printCode(model, rows);

// A ReLU with the same bias is sparse at the price of smaller values.
print("relu, same bias", "");
printCode(
  await buildModel({
    expert: { type: "relu" },
    dictionary: { encoderBias: true },
    parameters: { encoder_bias: [-1.5, -1.5, -1.5, -1.5] },
  }),
  rows,
);
