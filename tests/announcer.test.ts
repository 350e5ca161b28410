import assert from "node:assert/strict";
import { test } from "node:test";
import { Announcer } from "../public/src/announcer.ts";
import { Judge } from "../public/src/judgement.ts";
import { EngineError, type Reading } from "../public/src/messages.ts";
import { Session } from "../public/src/session.ts";
import { model, readingOf } from "./readings.ts";

function setUp() {
  const said: string[] = [];
  const judge = new Judge();
  const announcer = new Announcer((text) => said.push(text));
  const session = new Session(
    () => 0,
    () => announcer.update(session, judge),
  );
  const answers: ((reading: Reading) => void)[] = [];
  const refusals: ((error: Error) => void)[] = [];
  session.start({
    classify: () =>
      new Promise((resolve, reject) => {
        answers.push((reading) => resolve({ reading, model }));
        refusals.push(reject);
      }),
  });
  const add = (...names: string[]) =>
    session.add(names.map((name) => ({ name, file: new Blob([]) })));
  return { said, session, answers, refusals, add };
}

const settled = () => new Promise((resolve) => setImmediate(resolve));

test("An answer is told once", async () => {
  const { said, session, answers, add } = setUp();
  add("a.png");
  answers[0]?.(readingOf(true));
  await settled();
  session.move(0);
  assert.deepEqual(said, ["a.png: IDC detected. Probability of IDC 0.900."]);
});

test("A failure is told with its file", async () => {
  const { said, refusals, add } = setUp();
  add("a.png");
  refusals[0]?.(new EngineError("image_empty", "The file is empty."));
  await settled();
  assert.deepEqual(said, ["a.png: The file is empty."]);
});

test("Of a list only its end is told, then what is selected", async () => {
  const { said, session, answers, refusals, add } = setUp();
  add("a.png", "b.png", "c.png");
  answers[0]?.(readingOf(true));
  await settled();
  answers[1]?.(readingOf(false));
  await settled();
  assert.deepEqual(said, []);
  refusals[2]?.(new EngineError("image_empty", "The file is empty."));
  await settled();
  assert.deepEqual(said, ["2 images read, 1 positive, 1 could not be read."]);
  session.move(1);
  assert.equal(said[1], "b.png: no IDC detected in this patch. Probability of IDC 0.250.");
});

test("A list that was read between two updates is told too, once", async () => {
  const said: string[] = [];
  const judge = new Judge();
  const announcer = new Announcer((text) => said.push(text));
  const session = new Session(
    () => 0,
    () => undefined, // drawn later
  );
  session.start({ classify: () => Promise.resolve({ reading: readingOf(true), model }) });
  announcer.update(session, judge);
  session.add(["a.png", "b.png"].map((name) => ({ name, file: new Blob([]) })));
  await settled();
  announcer.update(session, judge);
  announcer.update(session, judge);
  assert.deepEqual(said, ["2 images read, 2 positive."]);
});

test("Of one image that comes to others its answer is told, with how many there are", async () => {
  const { said, answers, add } = setUp();
  add("a.png");
  answers[0]?.(readingOf(true));
  await settled();
  add("b.png");
  answers[1]?.(readingOf(false));
  await settled();
  assert.equal(
    said[1],
    "b.png: no IDC detected in this patch. Probability of IDC 0.250. 2 images read, 1 positive.",
  );
});
