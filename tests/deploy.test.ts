// The settings that come with the server are ones that it takes.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { server, skip } from "./raw_http.ts";

const deploy = join(import.meta.dirname, "../backend/deploy");
const work = mkdtempSync(join(tmpdir(), "insitu-deploy-"));
after(() => {
  rmSync(work, { recursive: true });
});

function check(config: string): { status: number | null; err: string } {
  const { status, stderr } = spawnSync(server, ["config", "check", "--config", config], {
    encoding: "utf8",
  });
  return { status, err: stderr };
}

for (const name of ["try.toml", "container.toml"]) {
  test(`${name} is a good configuration`, { skip }, () => {
    assert.deepEqual(check(join(deploy, name)), { status: 0, err: "" });
  });
}

// The settings of insitu.toml are comments, since they are the defaults.
const listed = readFileSync(join(deploy, "insitu.toml"), "utf8");
const settings = listed.replaceAll(/^#(\w+ = )/gm, "$1");

test("insitu.toml lists settings that the server knows", { skip }, () => {
  const config = join(work, "all.toml");
  writeFileSync(
    config,
    settings
      .replace("behind_proxy = false", "behind_proxy = true")
      .replace('site = ""', 'site = "s"'),
  );
  assert.deepEqual(check(config), { status: 0, err: "" });
});

test("insitu.toml lists every setting that there is", { skip }, () => {
  for (const [, table = ""] of ["", ...listed.matchAll(/^\[(\w+)\]$/gm)]) {
    const config = join(work, "unknown.toml");
    writeFileSync(config, table === "" ? "zzz = 1\n" : `[${table}]\nzzz = 1\n`);
    const { status, err } = check(config);
    assert.equal(status, 2);
    const known = /Here are: ([\w, ]+)\./.exec(err)?.[1]?.split(", ") ?? [];
    assert.ok(known.length > 0, err);
    for (const key of known) assert.match(settings, new RegExp(`^(${key} = |\\[${key}\\]$)`, "m"));
  }
});
