// The first step of Adam has the size of the learning rate in every number with a gradient, whatever the gradient's.
import { build, buildModel, compass, gradientOf, print } from "../setup.ts";

const encoder = compass.map((row) => row.map((value) => 2 * value)); // codes come out twice too large
const model = await buildModel({ expert: { type: "top-k", k: 1 }, parameters: { encoder } });
const optimizer = await build("optimizer", { type: "adam", learningRate: 0.1 });
const given = { rows: [[3, 1]], parameter: "decoder" };
const gradient = await gradientOf({ type: "reconstruction" }, model, given);
print("gradient", gradient);

optimizer.initialise(model.parameters);
optimizer.prepare(model.parameters); // decoder rows to norm 1, as they are already
optimizer.apply(model.parameters, new Map([["decoder", gradient]]), { learningRateMultiplier: 1, step: 0 });

// Row 0 moved across its direction only, although most of the gradient lay along it.
print("decoder", model.parameters.get("decoder"));
optimizer.prepare(model.parameters);
print("before next step", model.parameters.get("decoder"));
