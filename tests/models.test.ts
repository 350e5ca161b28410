// The models of a site, with pools that answer without an engine.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { EnginePool } from "../public/src/engine-pool.ts";
import { EngineError, type GateFacts } from "../public/src/messages.ts";
import { Models } from "../public/src/models.ts";
import { model, readingOf } from "./readings.ts";

const siteModel = (id: string, kind: string): SiteModel => ({
  id,
  kind,
  file: `${id}.onnx`,
  bytes: 1,
  sha256: id.repeat(8),
});
const [best, seed, film] = [
  siteModel("best", "histology"),
  siteModel("seed", "histology"),
  siteModel("film", "mammogram"),
] as const;
const file = new Blob([]);
const options = { previewSide: 0 };

const refusal = (kind: GateFacts["kind"]) =>
  new EngineError("image_refused", "It is another kind.", {
    kind,
    accepted: false,
    reason: "film_not_histology",
    score: 0.1,
    judgedAnyway: false,
  });

function setUp() {
  const opened: string[] = [];
  const failures = new Set<string>();
  const refusals = new Map<string, EngineError>(); // by the model that refuses
  const open = ({ id, sha256 }: SiteModel) => {
    opened.push(id);
    if (failures.has(id)) return Promise.reject(new EngineError("download", "It is not there."));
    const facts = { ...model, id, sha256 };
    const classify = () => {
      const refused = refusals.get(id);
      return refused === undefined ? Promise.resolve(readingOf(true)) : Promise.reject(refused);
    };
    const pool = { warm: () => Promise.resolve(facts), classify };
    return Promise.resolve(pool as unknown as EnginePool);
  };
  return { models: new Models({ entries: [best, seed, film], open }), opened, failures, refusals };
}

test("The first model of a kind reads, and each is opened once, when it is needed", async () => {
  const { models, opened } = setUp();
  assert.equal((await models.classify(file, options, { kind: "histology" })).model.id, "best");
  assert.equal((await models.classify(file, options, { kind: "histology" })).model.id, "best");
  assert.deepEqual(opened, ["best"]);
  assert.equal((await models.classify(file, options, { kind: "mammogram" })).model.id, "film");
  assert.deepEqual(opened, ["best", "film"]);
});

test("Another model reads once it was chosen, and only images of its kind", async () => {
  const { models } = setUp();
  models.choose(seed);
  assert.equal((await models.classify(file, options, { kind: "histology" })).model.id, "seed");
  assert.equal((await models.classify(file, options, { kind: "mammogram" })).model.id, "film");
  assert.deepEqual(models.ofKind("histology"), [best, seed]);
});

test("An image is read again by the very model that read it, where the site still has it", async () => {
  const { models } = setUp();
  const again = { kind: "histology", same: seed.sha256 };
  assert.equal((await models.classify(file, options, again)).model.id, "seed");
  const gone = { kind: "histology", same: "older" };
  assert.equal((await models.classify(file, options, gone)).model.id, "best");
});

test("A kind that no model of the site reads is refused in words", async () => {
  const { models } = setUp();
  await assert.rejects(models.classify(file, options, { kind: "sonogram" }), {
    code: "no_model",
    message: "This site has no model that reads a sonogram.",
  });
});

test("A model that did not arrive is asked for again the next time", async () => {
  const { models, opened, failures } = setUp();
  failures.add("film");
  const kind = { kind: "mammogram" };
  await assert.rejects(models.classify(file, options, kind), { code: "download" });
  failures.clear();
  assert.equal((await models.classify(file, options, kind)).model.id, "film");
  assert.deepEqual(opened, ["film", "film"]);
});

test("What looks like another kind is read by the model for that kind, where the site has one", async () => {
  const { models, refusals } = setUp();
  refusals.set("film", refusal("histology"));
  assert.equal((await models.classify(file, options, { kind: "mammogram" })).model.id, "best");
});

test("A film is not squeezed into one patch: it stays refused, though the site has a model for films", async () => {
  const { models, refusals } = setUp();
  refusals.set("best", refusal("mammogram"));
  const kind = { kind: "histology" };
  await assert.rejects(models.classify(file, options, kind), { code: "image_refused" });
});

test("What looks like no kind, or is refused by its own model too, stays refused", async () => {
  const { models, refusals } = setUp();
  refusals.set("best", refusal("other"));
  const kind = { kind: "histology" };
  await assert.rejects(models.classify(file, options, kind), { code: "image_refused" });
  refusals.set("best", refusal("histology"));
  await assert.rejects(models.classify(file, options, kind), { code: "image_refused" });
  refusals.set("best", refusal("mammogram"));
  refusals.set("film", refusal("mammogram"));
  await assert.rejects(models.classify(file, options, kind), { code: "image_refused" });
});
