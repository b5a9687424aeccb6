/**
 * Names of GPUs, which one layer spells "NVIDIA H100 PCIe" and the next "nvidia-h100-pcie": they are compared by their
 * letters and digits.
 */

/** Whether a name holds a part, however the two are spelt. */
export function isPartOfName(part: string, name: string): boolean {
  return spelling(name).includes(spelling(part));
}

function spelling(name: string): string {
  return name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
}
