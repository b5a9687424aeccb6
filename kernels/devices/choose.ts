/** Takes the first device that opens, best first, and says why it is that one. */
import { KernelError } from "../kernel-error.ts";
import type { Device, DeviceProvider } from "./device.ts";

export interface DeviceCandidate {
  /** As a sentence names it: "tensorflow on a GPU". */
  readonly label: string;
  /** Loads the provider's code only when it is this candidate's turn. */
  readonly load: () => Promise<DeviceProvider>;
}

/** @param candidates Best first. @throws KernelError DEVICE_UNAVAILABLE when none opens. */
export async function chooseDevice(candidates: readonly DeviceCandidate[]): Promise<Device> {
  const passedOver: string[] = [];
  for (const { label, load } of candidates) {
    const attempt = await tryOpen(load);
    if ("device" in attempt) return { ...attempt.device, reason: reasonFor(label, passedOver) };
    passedOver.push(`${label} is not available (${attempt.reason})`);
  }
  throw new KernelError("DEVICE_UNAVAILABLE", "No device can be opened.", {
    where: "device auto",
    expected: `one of: ${candidates.map(({ label }) => label).join(", ")}`,
    received: passedOver.join("; "),
    next: "Reinstall the dependencies with `npm ci`.",
  });
}

function reasonFor(label: string, passedOver: readonly string[]): string {
  return passedOver.length === 0
    ? `Took ${label}, the fastest device known.`
    : `Took ${label} because ${passedOver.join(" and ")}.`;
}

async function tryOpen(
  load: () => Promise<DeviceProvider>,
): Promise<{ readonly device: Device } | { readonly reason: string }> {
  try {
    const provider = await load();
    const reason = await provider.unavailableReason();
    return reason === undefined ? { device: await provider.open() } : { reason };
  } catch (error) {
    // The reason reaches the user in the sentence of the device that is taken, or in the error when none is.
    if (error instanceof KernelError) return { reason: error.received ?? error.summary };
    return { reason: error instanceof Error ? error.message : String(error) };
  }
}
