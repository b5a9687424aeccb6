import { mkdirSync } from "node:fs";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { findProject } from "../../../core/cli/project.ts";
import { textTable } from "../../../core/cli/text-table.ts";
import { formatBytes, formatSeconds } from "../../../core/cli/units.ts";
import { findPackageRoot, packageRoot } from "../../../core/package-root.ts";
import { suite } from "../../suite.ts";
import { makeProject } from "./project.ts";

suite("the project of a config", (test) => {
  test("is the nearest folder above with a package.json, a repository or .switchyard", () => {
    const outer = makeProject();
    mkdirSync(join(outer, "a/b"), { recursive: true });
    assert.is(findProject(join(outer, "a/b")).projectFolder, outer);
    mkdirSync(join(outer, "a/.git"));
    assert.is(findProject(join(outer, "a/b")).projectFolder, join(outer, "a"));
    mkdirSync(join(outer, "a/b/.switchyard"));
    const { projectFolder, runsFolder, cacheFolder } = findProject(join(outer, "a/b"));
    assert.equal(
      [projectFolder, runsFolder, cacheFolder],
      ["", "runs", ".switchyard/cache"].map((path) => join(outer, "a/b", path)),
    );
  });

  test("is the folder itself when nothing marks one", () => {
    assert.is(findProject("/nowhere/at/all").projectFolder, "/nowhere/at/all");
  });
});

suite("the package", (test) => {
  test("is found from any folder inside, and missed with an explanation outside", () => {
    assert.is(findPackageRoot(join(packageRoot, "core/cli/commands")), packageRoot);
    assert.throws(() => findPackageRoot("/"), /install Switchyard again/);
  });
});

suite("text for people", (test) => {
  test("writes sizes with a unit that fits", () => {
    assert.equal([0, 1023, 1024, 1536, 3 * 2 ** 30, 1023.9 * 2 ** 20].map(formatBytes), [
      "0 B",
      "1023 B",
      "1.00 KiB",
      "1.50 KiB",
      "3.00 GiB",
      "1.00 GiB",
    ]);
  });

  test("writes durations as people say them", () => {
    assert.equal([0.04, 9.94, 9.96, 59.4, 59.6, 75, 3600, 3725].map(formatSeconds), [
      "0.0 s",
      "9.9 s",
      "10 s",
      "59 s",
      "1 min 0 s",
      "1 min 15 s",
      "1 h 0 min",
      "1 h 2 min",
    ]);
  });

  test("aligns columns, numbers to the right, without trailing spaces", () => {
    const table = textTable(
      ["NAME", "N", ""],
      [
        ["a", "1", "x"],
        ["bcdef", "100", ""],
      ],
    );
    assert.is(table, "NAME     N\na        1  x\nbcdef  100\n");
    assert.is(textTable(["NAME"], []), "NAME\n");
  });
});
