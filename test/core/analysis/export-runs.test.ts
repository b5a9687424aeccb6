import * as assert from "uvu/assert";
import { runsToCsv, runsToJson } from "../../../core/analysis/export-runs.ts";
import { suite } from "../../suite.ts";
import { failedRun, makeRun, quickstartRuns } from "./fixtures.ts";

/** A reader of RFC 4180, to take the text apart again. */
function parseCsv(text: string): string[][] {
  const records: string[][] = [[]];
  let field = "";
  let isQuoted = false;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (isQuoted) {
      if (character !== '"') field += character;
      else if (text[i + 1] === '"') field += text[i++]!;
      else isQuoted = false;
    } else if (character === '"') isQuoted = true;
    else if (character === "," || character === "\n") {
      records.at(-1)!.push(field.replace(/\r$/, ""));
      field = "";
      if (character === "\n") records.push([]);
    } else field += character;
  }
  return records.slice(0, -1);
}

suite("runsToCsv", (test) => {
  test("writes one record a run with axes and metrics in full precision", () => {
    const runs = [
      makeRun({ id: "aaaaaaaaaaaa", name: "k=8", axes: { k: 8 }, metrics: { "a/x": 0.1 + 0.2 } }),
      makeRun({ id: "bbbbbbbbbbbb", name: "k=16", axes: { k: 16 }, metrics: { "a/y": 1e-7 } }),
    ];
    assert.is(
      runsToCsv(runs),
      "id,name,sweep,state,k,a/x,a/y\r\n" +
        "aaaaaaaaaaaa,k=8,quickstart,done,8,0.30000000000000004,\r\n" +
        "bbbbbbbbbbbb,k=16,quickstart,done,16,,1e-7\r\n",
    );
  });

  test("writes only the metrics asked for, in that order", () => {
    const run = makeRun({ metrics: { "a/x": 1, "a/y": 2 }, axes: {} });
    assert.match(runsToCsv([run], ["a/y"]), /^id,name,sweep,state,a\/y\r\n/);
  });

  test("quotes commas, quotes and line breaks, so that a reader gets the same text", () => {
    const name = 'a "quoted", name\r\nof two lines';
    const axes = { "model.router": { type: "switch", experts: 2 } };
    const [header, record, ...rest] = parseCsv(runsToCsv([makeRun({ name, axes })]));
    assert.is(rest.length, 0);
    assert.is(record![header!.indexOf("name")], name);
    assert.is(record![header!.indexOf("model.router")], '{"type":"switch","experts":2}');
  });

  test("never groups seeds", () => {
    assert.is(parseCsv(runsToCsv(quickstartRuns([0, 1]))).length, 11);
  });
});

suite("runsToJson", (test) => {
  test("is an array of id, name, state, config and metrics, and nothing else", () => {
    const runs = [...quickstartRuns(), failedRun()];
    const records = JSON.parse(runsToJson(runs)) as Record<string, unknown>[];
    assert.is(records.length, 6);
    records.forEach((record, i) => {
      assert.equal(Object.keys(record), ["id", "name", "state", "config", "metrics"]);
      assert.equal(record["metrics"], runs[i]!.metrics);
      assert.equal(record["config"], runs[i]!.config);
    });
  });

  test("is an empty array for no runs, and ends in a line break", () => {
    assert.is(runsToJson([]), "[]\n");
  });
});
