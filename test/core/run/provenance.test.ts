import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import * as assert from "uvu/assert";
import { collectProvenance, writeProvenance } from "../../../core/run/provenance.ts";
import { packageVersion } from "../../../core/package-root.ts";
import { suite } from "../../suite.ts";
import { put, temporaryFolder } from "./fixtures.ts";

function git(folder: string, ...words: string[]): string {
  const identity = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"];
  return execFileSync("git", [...identity, ...words], { cwd: folder, encoding: "utf8", stdio: "pipe" });
}

function repository(): string {
  const folder = temporaryFolder();
  git(folder, "init", "-q", "-b", "main");
  put(join(folder, "a.txt"), "one\n");
  git(folder, "add", "a.txt");
  git(folder, "commit", "-q", "-m", "first");
  return folder;
}

suite("provenance", (test) => {
  test("names the revision, and carries uncommitted changes as a patch", () => {
    const folder = repository();
    const clean = collectProvenance(folder);
    assert.is(clean.provenance.git?.revision, git(folder, "rev-parse", "HEAD").trim());
    assert.equal([clean.provenance.git?.branch, clean.provenance.git?.dirty, clean.patch], ["main", false, ""]);
    put(join(folder, "a.txt"), "two\n");
    put(join(folder, "new.txt"), "");
    const dirty = collectProvenance(folder);
    assert.equal([dirty.provenance.git?.dirty, dirty.provenance.git?.untracked], [true, ["new.txt"]]);
    assert.match(dirty.patch, /-one\n\+two/);
  });

  test("works without a repository", () => {
    const { provenance, patch } = collectProvenance(temporaryFolder());
    assert.equal([provenance.git, patch], [undefined, ""]);
    assert.is(provenance.host.name, hostname());
    assert.ok(provenance.host.cores >= 1 && provenance.host.memoryBytes > 0);
    assert.equal(provenance.argv, process.argv);
  });

  test("states versions without loading a package, and the lockfile's digest", () => {
    const folder = temporaryFolder();
    put(join(folder, "package-lock.json"), "{}");
    const { versions, lockfile } = collectProvenance(folder).provenance;
    assert.equal([versions["switchyard"], versions["node"]], [packageVersion(), process.versions.node]);
    assert.match(versions["@tensorflow/tfjs"]!, /^\d+\.\d+\.\d+/);
    assert.is(lockfile, createHash("sha256").update("{}").digest("hex"));
  });

  test("keeps the entries of earlier attempts", async () => {
    const folder = temporaryFolder();
    const collected = { ...collectProvenance(folder), device: "cpu" };
    await writeProvenance(folder, { number: 1, folder: join(folder, "attempts/1") }, collected);
    const second = { ...collected, device: "wasm", patch: "the patch" };
    await writeProvenance(folder, { number: 2, folder: join(folder, "attempts/2") }, second);
    const written = JSON.parse(readFileSync(join(folder, "provenance.json"), "utf8")) as {
      attempts: Record<string, { device: string }>;
    };
    assert.equal(
      Object.entries(written.attempts).map(([n, { device }]) => [n, device]),
      [
        ["1", "cpu"],
        ["2", "wasm"],
      ],
    );
    assert.is(readFileSync(join(folder, "attempts/2/diff.patch"), "utf8"), "the patch");
  });
});
