/** Token ids that were made elsewhere: a vector or matrix of whole numbers in a .safetensors or .npy file. */
import { readBytes, withFile } from "../data/file-bytes.ts";
import { readNpyHeader } from "../data/npy-header.ts";
import type { Dtype } from "../data/safetensors-header.ts";
import { dtypeBytes } from "../data/safetensors-header.ts";
import { readSafetensors } from "../data/safetensors.ts";
import { decodeTensor } from "../data/tensor-bytes.ts";
import type { TensorData } from "../data/tensor-bytes.ts";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { TokenSequence } from "./token-sequence.ts";

interface IdTensor {
  readonly dtype: string;
  readonly shape: readonly number[];
  readonly data: TensorData;
}

/** NumPy's whole-number types that ids come in. */
const npyTypes: Readonly<Record<string, Dtype>> = { "<i4": "I32", "<i8": "I64", "<u2": "U16", "<u4": "U32" };
const idTypes: readonly string[] = Object.values(npyTypes);

/** @throws SwitchyardError TOKENS_UNREADABLE, NOT_NPY, NOT_SAFETENSORS, SAFETENSORS_* */
export async function readTokenIds(file: string): Promise<readonly TokenSequence[]> {
  const { dtype, shape, data } = file.toLowerCase().endsWith(".npy") ? await readNpy(file) : await readOnly(file);
  const [first, second] = shape;
  if (!idTypes.includes(dtype) || first === undefined || shape.length > 2) {
    throw unreadable(file, `${dtype} [${shape.join(", ")}]`);
  }
  const ids = Int32Array.from(data, Number);
  if (second === undefined) return [{ where: file, ids }];
  return Array.from({ length: first }, (_, row) => ({
    where: `${file}, row ${row}`,
    ids: ids.subarray(row * second, (row + 1) * second),
  }));
}

async function readOnly(file: string): Promise<IdTensor> {
  const { tensors } = await readSafetensors(file);
  const [only] = tensors.values();
  if (only !== undefined && tensors.size === 1) return only;
  throw unreadable(file, `the tensors ${[...tensors.keys()].join(", ") || "(none)"}`);
}

async function readNpy(file: string): Promise<IdTensor> {
  return withFile(file, async (handle) => {
    const header = await readNpyHeader(file, handle);
    const dtype = npyTypes[header.descr];
    if (dtype === undefined || header.isFortranOrder)
      throw unreadable(file, `${header.descr} [${header.shape.join()}]`);
    const numBytes = header.shape.reduce((product, size) => product * size, dtypeBytes[dtype]);
    const data = decodeTensor(dtype, await readBytes(file, handle, header.offset, numBytes));
    return { dtype, shape: header.shape, data };
  });
}

function unreadable(file: string, received: string): SwitchyardError {
  return new SwitchyardError("TOKENS_UNREADABLE", "The file does not hold token ids.", {
    where: file,
    expected: "one tensor of int32, int64, uint16 or uint32, [tokens] or [documents, tokens]",
    received,
    next: "Save the ids as int32.",
  });
}
