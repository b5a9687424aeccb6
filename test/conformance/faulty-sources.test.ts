import { definePlugin, Type, type ActivationSource, type RowStore, type SourceFacts } from "../../core/index.ts";
import * as assert from "uvu/assert";
import { suite } from "../suite.ts";
import { expectFailure, failureOf } from "./expect-failure.ts";
import { sourceConformance } from "./source.ts";

const width = 4;
const facts: SourceFacts = { width, fingerprint: "0123456789abcdef", description: "A few rows." };

/** Rows [start, start + numRows) of an endless sequence. */
function rows(start: number, numRows: number): RowStore {
  return {
    numRows,
    width,
    read: (from, count, into) => {
      if (from < 0 || from + count > numRows) return Promise.reject(new RangeError("no such rows"));
      for (let i = 0; i < count * width; i += 1) into[i] = Math.sin(1 + (start + from) * width + i);
      return Promise.resolve();
    },
  };
}

const right: ActivationSource = { width, train: rows(0, 60), heldOut: rows(60, 20) };

function sourcePlugin(
  create: () => ActivationSource = () => right,
  stated: (options: { seed: number }) => SourceFacts = () => facts,
) {
  return definePlugin({
    kind: "source",
    name: "made-up",
    version: "1",
    summary: "For a test.",
    options: Type.Object({ seed: Type.Integer({ default: 0, description: "Where it starts." }) }),
    facts: stated,
    create,
  });
}

function reading(read: RowStore["read"]): () => ActivationSource {
  return () => ({ ...right, train: { ...right.train, read } });
}

let calls = 0;
let opened = 0;

const faults: readonly (readonly [
  what: string,
  name: string,
  faulty: ReturnType<typeof sourcePlugin>,
  message: RegExp,
])[] = [
  [
    "facts that change",
    "states the same facts every time, with a fingerprint",
    sourcePlugin(undefined, () => ({ ...facts, description: `call ${(calls += 1)}` })),
    /the facts asked for again/,
  ],
  [
    "a fingerprint that is none",
    "states the same facts every time, with a fingerprint",
    sourcePlugin(undefined, () => ({ ...facts, fingerprint: "unknown" })),
    /facts\.fingerprint: expected hexadecimal digits, at least 8, received unknown/,
  ],
  [
    "a width that differs from its facts",
    "has the width that it states, in all its rows",
    sourcePlugin(undefined, () => ({ ...facts, width: 5 })),
    /width of source: expected 5 as in facts, received 4/,
  ],
  [
    "no held-out rows",
    "has rows to train on and held-out rows",
    sourcePlugin(() => ({ ...right, heldOut: rows(60, 0) })),
    /rows of held-out: expected a whole number above 0, received 0/,
  ],
  [
    "rows that are not finite",
    "has finite rows that differ",
    sourcePlugin(reading((_start, count, into) => Promise.resolve(void into.fill(Number.NaN, 0, count * width)))),
    /train, entry 0: expected a finite number, received NaN/,
  ],
  [
    "rows that are all the same",
    "has finite rows that differ",
    sourcePlugin(reading((_start, count, into) => Promise.resolve(void into.fill(1, 0, count * width)))),
    /rows of train: expected different rows, received only copies of 1,1,1,1/,
  ],
  [
    "rows that depend on where reading starts",
    "reads any range, in any order, as it reads them in sequence",
    sourcePlugin(
      reading((start, count, into) => {
        for (let i = 0; i < count * width; i += 1) into[i] = start + i;
        return Promise.resolve();
      }),
    ),
    /rows \d+ to \d+ of train, entry \d+/,
  ],
  [
    "writing beyond the rows",
    "writes only what was asked for",
    sourcePlugin(
      reading((start, count, into) => {
        into.fill(0);
        return right.train.read(start, count, into);
      }),
    ),
    /the rest of the array, entry 0: expected 77/,
  ],
  [
    "rows that it does not have",
    "refuses rows that it does not have",
    sourcePlugin(reading(() => Promise.resolve())),
    /reading rows 60 to 61 of 60 of train: expected an error/,
  ],
  [
    "held-out rows that are trained on",
    "keeps held-out rows out of training",
    sourcePlugin(() => ({ ...right, heldOut: rows(10, 20) })),
    /held-out rows that are trained on too: expected none, or 2 % by chance, received 20 of 20/,
  ],
  [
    "other rows at the next opening",
    "gives the same rows when it is opened again",
    sourcePlugin(() => ({ ...right, train: rows((opened += 1000), 60) })),
    /train, entry \d+: expected/,
  ],
  [
    "a splice that is ignored",
    "has a language model whose splices mean what they say, where it has one",
    sourcePlugin(() => ({
      ...right,
      languageModel: {
        numContexts: 1,
        measure: (splices) =>
          Promise.resolve({
            numTokens: 9,
            originalNats: 2,
            effects: splices.map(({ kind }) => (kind === "zero" ? { nats: 4, kl: 1 } : { nats: 2, kl: 0 })),
          }),
      },
    })),
    /cross-entropy with activations replaced by zeros, entry 0: expected 4/,
  ],
  [
    "true features of any length",
    "has unit directions as ground truth, where it has one",
    sourcePlugin(() => ({
      ...right,
      groundTruth: { directions: new Float32Array(2 * width).fill(1), numFeatures: 2 },
    })),
    /norms of directions, entry 0: expected 1/,
  ],
  [
    "a dispose that throws",
    "can be disposed of",
    {
      ...sourcePlugin(),
      dispose: () => {
        throw new Error("it is stuck");
      },
    },
    /source\/made-up: it is stuck/,
  ],
];

suite("source conformance finds", (test) => {
  for (const [what, name, faulty, message] of faults) {
    test(what, () =>
      expectFailure(name, { right: sourceConformance(sourcePlugin()), faulty: sourceConformance(faulty) }, message),
    );
  }

  test("a fingerprint that ignores an option", async () => {
    const name = "has another fingerprint under other options";
    const honest = sourcePlugin(undefined, ({ seed }) => ({ ...facts, fingerprint: `abcdef0${seed}` }));
    const different = [{ seed: 1 }];
    assert.is(await failureOf(sourceConformance(honest, { different }), name), undefined);
    const failure = await failureOf(sourceConformance(sourcePlugin(), { different }), name);
    assert.is(failure, 'fingerprint under {"seed":1}: expected another, received the same');
  });
});
