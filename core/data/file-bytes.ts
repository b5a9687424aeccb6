/** Exact reads and writes of byte ranges: a short read is an error here, never a quietly smaller array. */
import { open } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { SwitchyardError } from "../errors/switchyard-error.ts";
import { atByte, readError } from "./file-errors.ts";

/** One system call moves at most 2 GiB. */
const maxCallBytes = 2 ** 30;

/** Opens `file`, and turns the system's errors into ours. */
export async function withFile<T>(file: string, use: (handle: FileHandle) => Promise<T>): Promise<T> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "r");
    return await use(handle);
  } catch (error) {
    throw readError(file, error);
  } finally {
    await handle?.close();
  }
}

/** @throws SwitchyardError SAFETENSORS_TRUNCATED when the file ends before `offset + numBytes`. */
export async function readBytes(
  file: string,
  handle: FileHandle,
  offset: number,
  numBytes: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(numBytes);
  await readInto(file, handle, offset, bytes);
  return bytes;
}

/** Fills `bytes` from `offset` on. @throws SwitchyardError SAFETENSORS_TRUNCATED */
export async function readInto(file: string, handle: FileHandle, offset: number, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const wanted = Math.min(maxCallBytes, bytes.byteLength - done);
    const { bytesRead } = await handle.read(bytes, done, wanted, offset + done);
    if (bytesRead === 0) {
      throw new SwitchyardError("SAFETENSORS_TRUNCATED", "The file ends too early.", {
        where: atByte(file, offset + done),
        expected: `${bytes.byteLength} bytes from byte ${offset} on`,
        received: `${done} bytes`,
        next: "Get the file again.",
      });
    }
    done += bytesRead;
  }
}

/** Writes all of `bytes` at the handle's position. */
export async function writeAll(handle: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.byteLength;) {
    const { bytesWritten } = await handle.write(bytes, done, Math.min(maxCallBytes, bytes.byteLength - done));
    done += bytesWritten;
  }
}
