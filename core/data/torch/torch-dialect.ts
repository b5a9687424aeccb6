/**
 * The few Python names that a state dict needs: OrderedDict, the rebuilding of tensors and parameters, the storages.
 * They are values here, and calling one makes a description of a tensor; nothing is imported or run.
 */
import type { Dtype } from "../safetensors-header.ts";
import type { PickleDialect } from "./pickle.ts";
import { describePickle, isKind } from "./pickle-values.ts";
import type { PickleDict, PickleValue, TorchStorage, TorchTensor } from "./pickle-values.ts";
import { corrupt, forbidden, unsupported } from "./torch-errors.ts";
import type { Place } from "./torch-errors.ts";

const storages: Readonly<Record<string, Dtype>> = {
  "torch.DoubleStorage": "F64",
  "torch.FloatStorage": "F32",
  "torch.HalfStorage": "F16",
  "torch.BFloat16Storage": "BF16",
  "torch.LongStorage": "I64",
  "torch.IntStorage": "I32",
  "torch.ShortStorage": "I16",
  "torch.CharStorage": "I8",
  "torch.ByteStorage": "U8",
  "torch.BoolStorage": "BOOL",
};

const orderedDict = "collections.OrderedDict";
const rebuildTensor = "torch._utils._rebuild_tensor_v2";
const rebuildParameter = "torch._utils._rebuild_parameter";
const known: readonly string[] = [orderedDict, rebuildTensor, rebuildParameter, ...Object.keys(storages)];

/** More than any tensor of a sparse autoencoder has. */
const mostDimensions = 16;

export const torchDialect: PickleDialect = {
  global: (name, place) => {
    if (known.includes(name)) return { kind: "global", name };
    throw forbidden(place, `the Python name ${name.slice(0, 200)}`);
  },
  call: (callee, args, place) => {
    if (!isKind(callee, "global") || !isKind(args, "tuple"))
      throw forbidden(place, `a call of ${describePickle(callee)}`);
    if (callee.name === orderedDict) return makeDict(args.items, place);
    if (callee.name === rebuildTensor) return makeTensor(args.items, place);
    const [tensor] = args.items;
    if (callee.name === rebuildParameter && isKind(tensor, "tensor")) return tensor;
    throw forbidden(place, `a call of ${callee.name}`);
  },
  persistent: makeStorage,
};

/** From nothing, or from a list of pairs (lists, as Python writes them). */
function makeDict([pairs, ...rest]: readonly PickleValue[], place: Place): PickleDict {
  const made: PickleDict = { kind: "dict", entries: new Map() };
  if (pairs === undefined) return made;
  if (rest.length > 0 || !isKind(pairs, "list")) {
    throw corrupt(place, { expected: "an OrderedDict of a list of pairs", received: describePickle(pairs) });
  }
  for (const pair of pairs.items) {
    const [key, value, ...more] = isKind(pair, "list") || isKind(pair, "tuple") ? pair.items : [];
    if ((typeof key !== "string" && typeof key !== "number") || value === undefined || more.length > 0) {
      throw corrupt(place, { expected: "pairs of a name and a value", received: describePickle(pair) });
    }
    made.entries.set(key, value);
  }
  return made;
}

/** ("storage", type, key, device, number of elements); older files add a view, which is None. */
function makeStorage(id: PickleValue, place: Place): TorchStorage {
  const [tag, type, key, , numElements, view] = isKind(id, "tuple") ? id.items : [];
  const dtype = isKind(type, "global") ? storages[type.name] : undefined;
  if (tag !== "storage" || dtype === undefined || typeof key !== "string" || !isCount(numElements)) {
    const received = isKind(id, "tuple") ? id.items.map(describePickle).join(", ") : describePickle(id);
    throw corrupt(place, {
      expected: "a storage: its type, name and number of elements",
      received: received.slice(0, 200),
    });
  }
  if (view !== undefined && view !== null) {
    throw unsupported(place, { expected: "storages that are no views of others", received: "a view" });
  }
  return { kind: "storage", key, dtype, numElements };
}

/** (storage, offset, size, stride, requires_grad, hooks): a view that must lie inside its storage. */
function makeTensor([storage, offset, size, stride]: readonly PickleValue[], place: Place): TorchTensor {
  const shape = countsOf(size);
  const strides = countsOf(stride);
  const isSound = isKind(storage, "storage") && isCount(offset) && shape !== undefined && strides !== undefined;
  if (!isSound || shape.length !== strides.length || shape.length > mostDimensions) {
    const received = [storage, offset, size, stride].map(describePickle).join(", ");
    throw corrupt(place, { expected: "a tensor: storage, offset, sizes and strides", received });
  }
  const numElements = shape.reduce((product, length) => product * length, 1);
  const last = shape.reduce((index, length, i) => index + (length - 1) * (strides[i] ?? 0), offset);
  const view = `[${shape.join(", ")}] with strides [${strides.join(", ")}] from element ${offset} on`;
  // Written so that not-a-number, which absurd sizes give, is outside too.
  if (!(numElements === 0 ? offset <= storage.numElements : last < storage.numElements)) {
    throw corrupt(place, { expected: `a view inside ${storage.numElements} elements`, received: view });
  }
  if (!(numElements <= storage.numElements)) {
    throw unsupported(place, {
      expected: "every element of a tensor in the file",
      received: `an expanded tensor: ${view}`,
    });
  }
  return { kind: "tensor", storage, offset, shape, strides };
}

function countsOf(value: PickleValue | undefined): readonly number[] | undefined {
  if (!isKind(value, "tuple") && !isKind(value, "list")) return undefined;
  const items: readonly PickleValue[] = value.items;
  return items.every((item) => isCount(item)) ? items : undefined;
}

function isCount(value: PickleValue | undefined): value is number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
}
