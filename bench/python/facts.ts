/** Asks a Python whether its PyTorch can compute here, before anything is measured that would be compared with it. */
import { Unavailable } from "../program.ts";
import { startPython } from "./process.ts";

export const peerDevices = ["cpu", "cuda"] as const;
/** What PyTorch computes on. */
export type PeerDevice = (typeof peerDevices)[number];

/** @throws Unavailable with what is missing, and what to do. */
export async function requirePyTorch(interpreter: string, device: PeerDevice): Promise<void> {
  const python = startPython(interpreter, "python/facts.py", [device]);
  let reason: unknown;
  try {
    reason = await python.call("missing");
    await python.end();
  } catch (error) {
    reason = `${interpreter} does not start (${error instanceof Error ? error.message : String(error)})`;
  }
  if (typeof reason !== "string") return;
  const next =
    device === "cuda"
      ? "It needs an NVIDIA card, its driver, and a PyTorch built with CUDA: python=PATH names a Python that has one. " +
        "peer=cpu compares with PyTorch on the processor."
      : "python=PATH names a Python with torch and numpy; without it, a virtual environment is made.";
  throw new Unavailable(`PyTorch cannot compute on ${device}: ${reason}. ${next}`);
}
