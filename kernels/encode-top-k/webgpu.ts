/**
 * Encode top-k in WGSL: pre-activations of a part of the batch, then a workgroup a row selects from them, then the next
 * part, so that memory for the pre-activations stays small whatever F is.
 *
 * A row that reaches few features is selected from by counting, for each, how many come before it. Else the k-th largest
 * score is found by its bits, eight at a time from the highest (scores are not negative, so their bits are in their
 * order); what lies above it is taken, and of its equals those with the lowest index.
 *
 * Shapes: B rows, D width, F features, E experts, M = F/E, R experts a row, K active features a row, T rows of a part.
 */
import { gpuVersion, type KernelVersion } from "../kernel-version.ts";
import { encodeRows } from "../grouped-matmul/webgpu.ts";
import { joinCounts } from "../webgpu/joining.ts";
import { defineProgram, entryPoint } from "../webgpu/program.ts";
import { partBytesOf } from "../webgpu/tuning.ts";
import { encodeTopKName, type EncodeTopKAttributes, type EncodeTopKTensors } from "./contract.ts";

/** The experts of each row in ascending order: a feature's place among those of its row follows from it. */
const orderExperts = defineProgram({
  label: "orderExperts",
  buffers: { experts: "i32", out_slots: "out i32" },
  params: { size: "u32", selected: "u32" },
  code: /* wgsl */ `
    ${entryPoint(256)} {
      let i = group_index(id, groups) * 256u + lane;
      if (i >= params.size) { return; }
      let first = (i / params.selected) * params.selected;
      var rank = 0u;
      for (var r = 0u; r < params.selected; r++) { rank += u32(experts[first + r] < experts[i]); }
      out_slots[first + rank] = i32(i - first);
    }
  `,
});

const selectBuffers = {
  values: "f32",
  gates: "f32",
  experts: "i32",
  slots: "i32",
  out_indices: "out i32",
  out_values: "out f32",
  out_slots: "out i32",
} as const;
const selectParams = { firstRow: "u32", rows: "u32", selected: "u32", features: "u32", k: "u32" } as const;

const candidates = /* wgsl */ `
  struct Candidate { value: f32, score: u32, slot: u32, feature: u32 }

  /// The i-th feature that the row can reach, in ascending order.
  fn candidate(row: u32, i: u32) -> Candidate {
    let at = (params.firstRow + row) * params.selected;
    let block = i / params.features;
    let slot = u32(slots[at + block]);
    let within = i % params.features;
    let value = values[(row * params.selected + slot) * params.features + within];
    var score = value;
    if (params.selected > 1u) { score = value * gates[at + slot]; }
    return Candidate(value, bitcast<u32>(score), slot, u32(experts[at + slot]) * params.features + within);
  }

  fn store(row: u32, place: u32, found: Candidate) {
    let at = (params.firstRow + row) * params.k + place;
    out_indices[at] = i32(found.feature);
    out_values[at] = found.value;
    out_slots[at] = i32(found.slot);
  }
`;

/** Features that a row reaches at most for its selection by counting, which takes their square: four a thread. */
const fewFeatures = 256;

const selectOfFew = defineProgram({
  label: "selectOfFew",
  buffers: selectBuffers,
  params: selectParams,
  uses: [joinCounts(64)],
  code: /* wgsl */ `
    ${candidates}
    // In fours, as threads take them.
    var<workgroup> scores: array<vec4u, ${fewFeatures / 4}>;

    ${entryPoint(64)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      let reachable = params.selected * params.features;
      let places = 4u * lane + vec4u(0, 1, 2, 3);
      var own: vec4u;
      for (var i = 0u; i < 4u; i++) {
        // Above 0, which stands where the row has no feature.
        if (places[i] < reachable) { own[i] = candidate(row, places[i]).score + 1u; }
      }
      scores[lane] = own;
      workgroupBarrier();
      var before: vec4u;
      for (var four = 0u; 4u * four < reachable; four++) {
        let other = scores[four];
        // Equals at lower places come first: there, a score need not be above.
        let least = own - u32(four < lane);
        before += vec4u(other.xxxx > least) + vec4u(other.yyyy > least);
        before += vec4u(other.zzzz > least) + vec4u(other.wwww > least);
      }
      // Likewise among the thread's own.
      before += vec4u(0, vec3u(own.xxx == own.yzw)) + vec4u(0, 0, vec2u(own.yy == own.zw));
      before.w += u32(own.z == own.w);
      let taken = vec4u((before < vec4u(params.k)) & (places < vec4u(reachable)));
      var place = join_counts(lane, taken.x + taken.y + taken.z + taken.w).x;
      for (var i = 0u; i < 4u; i++) {
        if (taken[i] == 1u) {
          store(row, place, candidate(row, places[i]));
          place++;
        }
      }
    }
  `,
});

const selectOfMany = defineProgram({
  label: "selectOfMany",
  buffers: selectBuffers,
  params: selectParams,
  uses: [joinCounts(256)],
  code: /* wgsl */ `
    ${candidates}
    var<workgroup> histogram: array<atomic<u32>, 256>;
    var<workgroup> threshold: u32;
    var<workgroup> missing: u32;
    var<workgroup> is_found: u32;

    ${entryPoint(256)} {
      let row = group_index(id, groups);
      if (row >= params.rows) { return; }
      let reachable = params.selected * params.features;
      if (lane == 0u) { threshold = 0u; missing = params.k; }
      for (var shift = 24u; ; shift -= 8u) {
        atomicStore(&histogram[lane], 0u);
        let known = workgroupUniformLoad(&threshold);
        let wanted = workgroupUniformLoad(&missing);
        for (var i = lane; i < reachable; i += 256u) {
          let score = candidate(row, i).score;
          // Zeros are most of a row and would all meet in one counter; what is not counted is zero.
          if (score != 0u && (shift == 24u || (score >> (shift + 8u)) == (known >> (shift + 8u)))) {
            atomicAdd(&histogram[(score >> shift) & 255u], 1u);
          }
        }
        workgroupBarrier();
        // The first thread has the highest counter.
        let bin = 255u - lane;
        let own = atomicLoad(&histogram[bin]);
        let joined = join_counts(lane, own);
        if (joined.x < wanted && joined.x + own >= wanted) {
          threshold = known | (bin << shift);
          missing = wanted - joined.x;
        }
        if (lane == 0u) {
          is_found = u32(joined.y >= wanted);
          // Fewer positive scores than k: the rest are zeros.
          if (joined.y < wanted) { missing = wanted - joined.y; }
        }
        if (workgroupUniformLoad(&is_found) == 0u || shift == 0u) { break; }
      }
      let lowest = workgroupUniformLoad(&threshold);
      let equals = workgroupUniformLoad(&missing);
      // Two counts in one number: above the threshold in the low half, equal to it in the high half.
      var above_before = 0u;
      var equal_before = 0u;
      for (var first = 0u; first < reachable; first += 256u) {
        let i = first + lane;
        var own = 0u;
        var found: Candidate;
        if (i < reachable) {
          found = candidate(row, i);
          own = select(select(0u, 1u << 16u, found.score == lowest), 1u, found.score > lowest);
        }
        let joined = join_counts(lane, own);
        let above = above_before + (joined.x & 0xffffu);
        let equal = equal_before + (joined.x >> 16u);
        if (own == 1u || (own != 0u && equal < equals)) { store(row, above + min(equal, equals), found); }
        above_before += joined.y & 0xffffu;
        equal_before += joined.y >> 16u;
        if (lane == 0u) { is_found = u32(above_before + min(equal_before, equals) == params.k); }
        if (workgroupUniformLoad(&is_found) == 1u) { break; }
      }
    }
  `,
});

/** @param mostBytes Memory for the pre-activations of a part of the batch, which is at least a row; default: as tuned. */
export function encodeTopKInParts(mostBytes?: number): KernelVersion {
  return gpuVersion(encodeTopKName, (memory, inputs: EncodeTopKTensors, { numExperts, k }: EncodeTopKAttributes) => {
    const { acts_BD, encoder_FD, encoderBias_F, expertIndices_BR, gates_BR } = inputs;
    const [rows, selected] = expertIndices_BR.shape;
    const features = encoder_FD.shape[0] / numExperts;
    const indices_BK = memory.allocate([rows, k], "int32");
    const values_BK = memory.allocate([rows, k], "float32");
    const slots_BK = memory.allocate([rows, k], "int32");
    const slots = memory.scratch(rows * selected, "int32");
    memory.run(orderExperts, {
      buffers: { experts: expertIndices_BR, out_slots: slots },
      params: { size: rows * selected, selected },
      groups: Math.ceil((rows * selected) / 256),
    });
    const bytes = mostBytes ?? partBytesOf(memory.tuning);
    const rowsOfPart = Math.max(1, Math.min(rows, Math.floor(bytes / (4 * selected * features))));
    const operands = { acts_BD, weights_FD: encoder_FD, bias_F: encoderBias_F, expertIndices_BR };
    for (let first = 0; first < rows; first += rowsOfPart) {
      const count = Math.min(rowsOfPart, rows - first);
      const values = encodeRows(memory, operands, { numExperts, rows: { first, count } });
      memory.run(selected * features <= fewFeatures ? selectOfFew : selectOfMany, {
        buffers: {
          ...{ values, gates: gates_BR, experts: expertIndices_BR, slots },
          ...{ out_indices: indices_BK, out_values: values_BK, out_slots: slots_BK },
        },
        params: { firstRow: first, rows: count, selected, features, k },
        groups: count,
      });
    }
    memory.promise(indices_BK, encoder_FD.shape[0]);
    memory.promise(slots_BK, selected);
    return [indices_BK, values_BK, slots_BK];
  });
}

export const encodeTopKWebGpu: readonly KernelVersion[] = [encodeTopKInParts()];
