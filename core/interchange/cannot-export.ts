/** What to throw when a format has no word for what an autoencoder does. */
import { SwitchyardError } from "../errors/switchyard-error.ts";
import type { ExportFormat } from "./foreign-sae.ts";

export function cannotExport(
  format: ExportFormat,
  where: string,
  fields: { readonly expected: string; readonly received: string; readonly next: string },
): SwitchyardError {
  return new SwitchyardError("EXPORT_IMPOSSIBLE", `The format ${format} cannot hold this autoencoder.`, {
    where,
    ...fields,
  });
}
