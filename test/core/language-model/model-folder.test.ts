import { cpSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import * as assert from "uvu/assert";
import { findModelFolder, hubCacheFolder } from "../../../core/language-model/model-folder.ts";
import type { DownloadFile, ModelFolderOptions } from "../../../core/language-model/model-folder.ts";
import { suite } from "../../suite.ts";
import { rejectsWith } from "../data/expect-error.ts";
import { temporaryFolder } from "../data/temporary-folder.ts";
import { writeCheckpoint } from "./tiny-checkpoint.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";
const noNetwork: DownloadFile = () => Promise.reject(new Error("getaddrinfo ENOTFOUND huggingface.co"));

function optionsOf(cache: string, change: Partial<ModelFolderOptions> = {}): ModelFolderOptions {
  return {
    model: "some-org/tiny",
    revision: "main",
    projectFolder: process.cwd(),
    env: { HF_HUB_CACHE: cache },
    download: noNetwork,
    ...change,
  };
}

/** A hub that serves a checkpoint's files into the cache, as the hub's library lays them out. */
function hubOf(checkpoint: string, requested: string[]): DownloadFile {
  return ({ repo, revision, path, cacheFolder }) => {
    requested.push(path);
    if (!readdirSync(checkpoint).includes(path)) return Promise.reject(new Error(`404: ${path}`));
    const repository = join(cacheFolder, `models--${repo.replace("/", "--")}`);
    const target = join(repository, "snapshots", commit, path);
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(checkpoint, path), target);
    mkdirSync(join(repository, "refs"), { recursive: true });
    writeFileSync(join(repository, "refs", revision), commit);
    return Promise.resolve(target);
  };
}

suite("model-folder", (test) => {
  test("takes a folder as it is, relative to the project", async () => {
    const cache = temporaryFolder();
    assert.is(await findModelFolder(optionsOf(cache, { model: "data/tiny-gpt2" })), resolve("data/tiny-gpt2"));
    const absolute = resolve("data/tiny-gpt2");
    assert.is(await findModelFolder(optionsOf(cache, { model: absolute, projectFolder: "/" })), absolute);
  });

  test("says which folder is missing when the model reads like a path", async () => {
    for (const model of ["./nowhere", "../nowhere", "a/b/c", "/nowhere/at/all"]) {
      const error = await rejectsWith("FILE_MISSING", findModelFolder(optionsOf(temporaryFolder(), { model })));
      assert.is(error.where, resolve(model));
    }
  });

  test("downloads what is needed once, and finds it in the cache from then on", async () => {
    const cache = temporaryFolder();
    const requested: string[] = [];
    const download = hubOf("data/tiny-gpt2", requested);
    const first = await findModelFolder(optionsOf(cache, { download }));
    assert.is(first, join(cache, "models--some-org--tiny", "snapshots", commit));
    assert.equal(readdirSync(first).sort(), ["config.json", "merges.txt", "model.safetensors", "vocab.json"]);
    assert.not.ok(requested.includes("pytorch_model.bin"));
    // The second time there is no network, and none is needed.
    assert.is(await findModelFolder(optionsOf(cache)), first);
    const offline = { HF_HUB_CACHE: cache, HF_HUB_OFFLINE: "1" };
    assert.is(await findModelFolder(optionsOf(cache, { env: offline })), first);
    assert.is(await findModelFolder(optionsOf(cache, { revision: commit })), first);
  });

  test("downloads every shard of a sharded checkpoint", async () => {
    const checkpoint = await writeCheckpoint(join(temporaryFolder(), "sharded"), { shards: 3 });
    const cache = temporaryFolder();
    const folder = await findModelFolder(optionsOf(cache, { download: hubOf(checkpoint, []) }));
    assert.is(readdirSync(folder).filter((name) => name.endsWith(".safetensors")).length, 3);
    // An interrupted download is not taken for a model.
    rmSync(join(folder, "model-00002-of-00003.safetensors"));
    await rejectsWith("MODEL_UNREACHABLE", findModelFolder(optionsOf(cache)));
  });

  test("says what to do without a network, when offline, and for names that do not exist", async () => {
    const cache = temporaryFolder();
    const unreachable = await rejectsWith("MODEL_UNREACHABLE", findModelFolder(optionsOf(cache)));
    assert.match(unreachable.received ?? "", /ENOTFOUND/);
    assert.match(unreachable.expected ?? "", new RegExp(`a snapshot in ${cache}`));
    assert.match(unreachable.next ?? "", /huggingface-cli download some-org\/tiny.*HF_HOME/);
    const env = { HF_HUB_CACHE: cache, HF_HUB_OFFLINE: "true" };
    const download: DownloadFile = () => Promise.reject(new Error("must not be called"));
    const offline = await rejectsWith("MODEL_UNREACHABLE", findModelFolder(optionsOf(cache, { env, download })));
    assert.is(offline.received, "HF_HUB_OFFLINE is set");
    const nothing = hubOf(temporaryFolder(), []);
    const unknown = await rejectsWith("MODEL_UNREACHABLE", findModelFolder(optionsOf(cache, { download: nothing })));
    assert.match(unknown.received ?? "", /404: config\.json/);
  });

  test("reads the environment as the hub's own library does", () => {
    const env = { HF_HUB_CACHE: "/a", HUGGINGFACE_HUB_CACHE: "/b", HF_HOME: "/c", XDG_CACHE_HOME: "/d" };
    assert.is(hubCacheFolder(env), "/a");
    assert.is(hubCacheFolder({ ...env, HF_HUB_CACHE: undefined }), "/b");
    assert.is(hubCacheFolder({ HF_HOME: "/c", XDG_CACHE_HOME: "/d" }), "/c/hub");
    assert.is(hubCacheFolder({ XDG_CACHE_HOME: "/d" }), "/d/huggingface/hub");
    assert.match(hubCacheFolder({}), /\/\.cache\/huggingface\/hub$/);
  });

  test("passes endpoint and token on", async () => {
    const seen: unknown[] = [];
    const env = { HF_HUB_CACHE: temporaryFolder(), HF_ENDPOINT: "https://mirror", HF_TOKEN: "secret" };
    const download: DownloadFile = ({ hubUrl, accessToken }) => {
      seen.push([hubUrl, accessToken]);
      return Promise.reject(new Error("enough"));
    };
    const error = await rejectsWith("MODEL_UNREACHABLE", findModelFolder(optionsOf("", { env, download })));
    assert.equal(seen[0], ["https://mirror", "secret"]);
    assert.not.match(error.message, /secret/);
  });
});
