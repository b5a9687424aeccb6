/** What `--profile` finds out about one run: profile.json in the folder of its attempt. */
import type { MachineRates } from "../../kernels/profile/measure-machine.ts";
import type { StepProfile } from "../training/step-profile.ts";

export interface RunProfile extends StepProfile {
  /** As it describes itself. */
  readonly device: string;
  /** What that device can do, measured by the same process right after training. */
  readonly machine: MachineRates;
}
