/**
 * Tens of thousands of damaged .pt, .safetensors and .npy files. Each is either read, or refused with an error that
 * names the file and a byte in it; nothing else is thrown, no file takes long, and no array is made that is larger
 * than the file can fill. Pickles are also damaged behind a corrected checksum, else no damage would reach them.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import * as assert from "uvu/assert";
import { openRowFile, readRows } from "../../../core/data/row-file.ts";
import { readSafetensors, writeSafetensors } from "../../../core/data/safetensors.ts";
import { entriesOf, isKind } from "../../../core/data/torch/pickle-values.ts";
import { readTorchFile } from "../../../core/data/torch/read-torch-file.ts";
import { explanations } from "../../../core/errors/codes.ts";
import { SwitchyardError } from "../../../core/errors/switchyard-error.ts";
import { suite } from "../../suite.ts";
import { watchAllocations } from "./count-allocations.ts";
import { writeNpy } from "./npy-file.ts";

const fixtures = fileURLToPath(new URL("../interchange/fixtures", import.meta.url));

/** In memory where the system has such a folder: the disk is not what is tested. */
const folder = mkdtempSync(join(existsSync("/dev/shm") ? "/dev/shm" : tmpdir(), "switchyard-malformed-"));
process.on("exit", () => {
  rmSync(folder, { recursive: true, force: true });
});

type Mutation = (bytes: Buffer) => Buffer;

const at = fc.nat({ max: 1 << 20 });
const length = fc.nat({ max: 64 });

/** Numbers that lengths and offsets are replaced by. */
const absurd = fc.constantFrom(0, 1, 0x7f, 0xff, 0xffff, 0x7fffffff, 0xffffffff, 0x80000000, 1 << 20, 1 << 30);

const instruction = fc.constantFrom(...Array.from("(.0123456789RQbcht}]NKGX,:[{'-"));

const mutation: fc.Arbitrary<Mutation> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(at, fc.integer({ min: 1, max: 255 })).map(([n, bits]) => flip(n, bits)) },
  at.map((n) => (bytes: Buffer) => bytes.subarray(0, n % (bytes.length + 1))),
  fc.tuple(at, length).map(([n, count]) => replaceRange(n, count, Buffer.alloc(0))),
  fc.tuple(at, fc.uint8Array({ maxLength: 32 })).map(([n, noise]) => replaceRange(n, 0, noise)),
  fc.tuple(at, length, at).map(
    ([n, count, m]) =>
      (bytes: Buffer) =>
        repeatRange(bytes, n, count, m),
  ),
  fc.tuple(at, absurd).map(([n, value]) => overwrite(n, value, 4)),
  fc.tuple(at, absurd).map(([n, value]) => overwrite(n, value, 2)),
  fc.tuple(at, instruction).map(([n, text]) => replaceRange(n, 1, Buffer.from(text))),
);

function flip(n: number, bits: number): Mutation {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length > 0) changed[n % changed.length]! ^= bits;
    return changed;
  };
}

function replaceRange(n: number, count: number, by: Uint8Array): Mutation {
  return (bytes) => {
    const start = n % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, start), by, bytes.subarray(start + count)]);
  };
}

function repeatRange(bytes: Buffer, n: number, count: number, m: number): Buffer {
  const start = n % (bytes.length + 1);
  return replaceRange(m, 0, bytes.subarray(start, start + count))(bytes);
}

function overwrite(n: number, value: number, numBytes: 2 | 4): Mutation {
  return (bytes) => {
    const changed = Buffer.from(bytes);
    if (changed.length < numBytes) return changed;
    const place = n % (changed.length - numBytes + 1);
    changed.writeUIntLE(value % 2 ** (8 * numBytes), place, numBytes);
    return changed;
  };
}

/** Damages data.pkl alone, at the same length, and corrects its checksum in the archive's directory. */
function inPickle(mutate: Mutation): Mutation {
  return (bytes) => {
    const name = bytes.indexOf("/data.pkl");
    const header = bytes.lastIndexOf("PK\u0003\u0004", name);
    const start = header + 30 + bytes.readUInt16LE(header + 26) + bytes.readUInt16LE(header + 28);
    const entry = bytes.lastIndexOf("PK\u0001\u0002", bytes.lastIndexOf("/data.pkl"));
    const size = bytes.readUInt32LE(entry + 24);
    const pickle = Buffer.alloc(size);
    mutate(bytes.subarray(start, start + size)).copy(pickle);
    const changed = Buffer.from(bytes);
    pickle.copy(changed, start);
    changed.writeUInt32LE(crc32(pickle), entry + 16);
    return changed;
  };
}

interface Tally {
  read: number;
  refused: number;
  readonly codes: Set<string>;
  slowestMs: number;
}

/** What a reader says of one damaged file. */
async function outcomeOf(file: string, read: (file: string) => Promise<unknown>, tally: Tally): Promise<void> {
  const started = performance.now();
  try {
    await read(file);
    tally.read += 1;
  } catch (error) {
    if (!(error instanceof SwitchyardError)) throw error;
    tally.refused += 1;
    tally.codes.add(error.code);
    assert.ok(error.code in explanations, error.code);
    const where = error.where ?? "";
    assert.ok(where.startsWith(file) && /, (byte \d+|row \d+, column \d+)/.test(where), `${error.code} at ${where}`);
  }
  tally.slowestMs = Math.max(tally.slowestMs, performance.now() - started);
}

interface Subject {
  readonly ending: string;
  readonly originals: readonly Buffer[];
  readonly mutations: fc.Arbitrary<readonly Mutation[]>;
  readonly read: (file: string) => Promise<unknown>;
  readonly numRuns: number;
  /** Bytes of memory that a byte of a file may ask for: 2 where halves are widened, 1032 where data is deflated. */
  readonly growth: number;
}

/** Buffers of constant size, such as the one for the end of an archive: no file is so small that it may not ask for it. */
const allowance = 70_000;

/** Files that are read at the same time: mostly one waits for the system. */
const numAtOnce = 20;

async function damage({ ending, originals, mutations, read, numRuns, growth }: Subject): Promise<Tally> {
  const tally: Tally = { read: 0, refused: 0, codes: new Set(), slowestMs: 0 };
  const files = Array.from({ length: numAtOnce }, (_, i) => join(folder, `damaged-${i}${ending}`));
  const allocations = watchAllocations();
  const damaged = fc.tuple(fc.constantFrom(...originals), mutations);
  try {
    for (const original of originals) {
      writeFileSync(files[0]!, original);
      await read(files[0]!);
    }
    await fc.assert(
      fc.asyncProperty(fc.array(damaged, { minLength: numAtOnce, maxLength: numAtOnce }), async (batch) => {
        let longest = 0;
        for (const [i, [original, changes]] of batch.entries()) {
          const bytes = changes.reduce((changed, change) => change(changed), original);
          writeFileSync(files[i]!, bytes);
          longest = Math.max(longest, bytes.length);
        }
        allocations.largest();
        await Promise.all(files.map((file) => outcomeOf(file, read, tally)));
        const largest = allocations.largest();
        assert.ok(largest <= growth * longest + allowance, `${largest} bytes for files of at most ${longest}`);
      }),
      { numRuns: numRuns / numAtOnce, seed: 20261124 },
    );
  } finally {
    allocations.stop();
  }
  assert.is(tally.read + tally.refused, numRuns);
  assert.ok(tally.slowestMs < 2000, `one file took ${tally.slowestMs} ms`);
  return tally;
}

const several = fc.array(mutation, { minLength: 1, maxLength: 3 });

/** Each tensor takes two reads of the file; more of them would show nothing new. */
const mostTensors = 5;

async function readTensors(file: string): Promise<void> {
  await readTorchFile(file, async (torch) => {
    const inner = [...entriesOf(torch.value).values()].flatMap((value) => [value, ...entriesOf(value).values()]);
    const tensors = inner.filter((value) => isKind(value, "tensor"));
    for (const tensor of tensors.slice(0, mostTensors)) await torch.tensor(tensor);
  });
}

function fixture(...names: readonly string[]): Buffer {
  return readFileSync(join(fixtures, ...names));
}

suite("malformed files", (test) => {
  const zips = [fixture("dl-top-k", "ae.pt"), fixture("dl-backup", "ae.pt"), fixture("torch-types", "zip.pt")];

  test(
    "5,000 damaged zip archives of torch.save",
    async () => {
      const originals = [...zips, fixture("torch-types", "deflated.pt")];
      const subject = { ending: ".pt", originals, mutations: several, read: readTensors, numRuns: 5000, growth: 1032 };
      const tally = await damage(subject);
      assert.ok(tally.read > 50 && tally.refused > 2500, `${tally.read} read, ${tally.refused} refused`);
      for (const code of ["NOT_TORCH_FILE", "TORCH_FILE_CORRUPT"]) assert.ok(tally.codes.has(code), code);
    },
    { timeoutMs: 60_000 },
  );

  test(
    "5,000 archives with a damaged pickle behind a right checksum",
    async () => {
      const mutations = several.map((changes) => changes.map(inPickle));
      const originals = [...zips, fixture("torch-types", "protocol-4.pt")];
      const tally = await damage({ ending: ".pt", originals, mutations, read: readTensors, numRuns: 5000, growth: 2 });
      assert.ok(tally.read > 50 && tally.refused > 2500, `${tally.read} read, ${tally.refused} refused`);
      for (const code of ["TORCH_FILE_CORRUPT", "TORCH_FILE_FORBIDDEN", "TORCH_FILE_UNSUPPORTED"]) {
        assert.ok(tally.codes.has(code), code);
      }
      assert.not.ok(tally.codes.has("NOT_TORCH_FILE"), "the archive itself is whole");
    },
    { timeoutMs: 60_000 },
  );

  test(
    "4,000 damaged files of the older form",
    async () => {
      const originals = [fixture("dl-legacy-file", "checkpoints", "ae_10.pt"), fixture("torch-types", "legacy.pt")];
      const subject = { ending: ".pt", originals, mutations: several, read: readTensors, numRuns: 4000, growth: 2 };
      const tally = await damage(subject);
      assert.ok(tally.read > 200 && tally.refused > 1000, `${tally.read} read, ${tally.refused} refused`);
      for (const code of ["NOT_TORCH_FILE", "TORCH_FILE_CORRUPT", "TORCH_FILE_FORBIDDEN"]) {
        assert.ok(tally.codes.has(code), code);
      }
    },
    { timeoutMs: 60_000 },
  );

  test(
    "4,000 damaged safetensors files",
    async () => {
      const file = join(folder, "halves.safetensors");
      const halves = { shape: [6, 4], data: Float32Array.from({ length: 24 }, (_, i) => i / 8), dtype: "F16" as const };
      await writeSafetensors(
        file,
        { acts: halves, counts: { shape: [3], data: BigInt64Array.of(1n, 2n, 3n) } },
        { a: "b" },
      );
      const others = ["sae.safetensors", "expected.safetensors"].map((name) => fixture("sparsify", name));
      const originals = [readFileSync(file), ...others];
      const read = async (damaged: string): Promise<void> => {
        const { tensors } = await readSafetensors(damaged);
        for (const { data, shape } of tensors.values()) {
          const numElements = shape.reduce((product, size) => product * size, 1);
          assert.is(data.length, numElements, "a tensor has as many elements as its shape says");
        }
      };
      const subject = { ending: ".safetensors", originals, mutations: several, read, numRuns: 4000, growth: 2 };
      const tally = await damage(subject);
      assert.ok(tally.read > 200 && tally.refused > 1000, `${tally.read} read, ${tally.refused} refused`);
      for (const code of ["NOT_SAFETENSORS", "SAFETENSORS_CORRUPT", "SAFETENSORS_TRUNCATED"]) {
        assert.ok(tally.codes.has(code), code);
      }
    },
    { timeoutMs: 60_000 },
  );

  test(
    "4,000 damaged .npy files",
    async () => {
      const data = Float32Array.from({ length: 24 }, (_, i) => i / 8);
      const originals = ([1, 2, 3] as const).map((version) =>
        readFileSync(writeNpy(join(folder, `whole-${version}.npy`), { descr: "<f4", shape: [6, 4], data, version })),
      );
      originals.push(readFileSync(writeNpy(join(folder, "half.npy"), { descr: "<f2", shape: [12, 4], data })));
      const read = async (damaged: string): Promise<void> => {
        const rows = await openRowFile(damaged);
        const count = Math.min(rows.numRows, 8);
        await readRows(rows, 0, count, new Float32Array(count * rows.width));
      };
      const tally = await damage({ ending: ".npy", originals, mutations: several, read, numRuns: 4000, growth: 2 });
      assert.ok(tally.read > 200 && tally.refused > 1000, `${tally.read} read, ${tally.refused} refused`);
      for (const code of ["NOT_NPY", "ACTIVATIONS_NOT_2D", "DATA_NOT_FINITE"]) assert.ok(tally.codes.has(code), code);
    },
    { timeoutMs: 60_000 },
  );
});
