/** Grouped products against float64, on every device and version. */
import { groupedMatmulCases } from "../../conformance/kernels/grouped-matmul.ts";
import { runOnAll } from "../subjects.ts";

runOnAll("grouped matmul", groupedMatmulCases);
