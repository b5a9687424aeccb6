/** What both forms of torch.save come to. */
import type { PickleValue, TorchStorage } from "./pickle-values.ts";

/** The structure of a file, and how to get at the bytes behind it. */
export interface TorchContents {
  readonly value: PickleValue;
  /** @throws SwitchyardError TORCH_FILE_CORRUPT when the file does not hold exactly these elements */
  storageBytes(storage: TorchStorage): Promise<Uint8Array<ArrayBuffer>>;
}
