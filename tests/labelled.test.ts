// How a folder tells the class and the case of an image.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  FolderProblem,
  labelFolder,
  MAX_CASES,
  MAX_EVALUATED,
  parsePatchName,
  withoutCopies,
} from "../public/src/figures/labelled.ts";
import { model } from "./readings.ts";

const given = (...names: string[]) => names.map((name) => ({ name, file: new Blob([name]) }));

const told = (...names: string[]) => {
  const { rule, files } = labelFolder(given(...names), 0, model);
  return { rule, files: files.map(({ name, caseId, truth }) => [name, caseId, truth]) };
};

test("A name of the public release tells case and class", () => {
  assert.deepEqual(parsePatchName("10253_idx5_x1001_y1001_class0.png"), {
    caseId: "10253",
    truth: false,
  });
  assert.deepEqual(parsePatchName("a_class1.png"), { caseId: "a", truth: true });
  for (const name of [
    "10253_class2.png",
    "class1.png",
    "_x_class1.png",
    "a_xclass1.png",
    "a.png",
  ]) {
    assert.equal(parsePatchName(name), null, name);
  }
});

test("Images whose names tell the case are sorted by it, whatever folders they lie in", () => {
  assert.deepEqual(told("d/1/20_x_class1.png", "d/x/0/9_b_class0.png", "d/x/0/20_a_class0.png"), {
    rule: "name",
    files: [
      ["d/x/0/20_a_class0.png", "20", false],
      ["d/1/20_x_class1.png", "20", true],
      ["d/x/0/9_b_class0.png", "9", false],
    ],
  });
});

test("Where names do not tell it, the case is the folder above that of the class", () => {
  assert.deepEqual(told("mine/anna/1/a.png", "mine/anna/0/b.png", "mine/bert/0/a.png"), {
    rule: "folder",
    files: [
      ["mine/anna/1/a.png", "anna", true],
      ["mine/anna/0/b.png", "anna", false],
      ["mine/bert/0/a.png", "bert", false],
    ],
  });
});

test("Where all classes lie in one folder, each image is a case of its own", () => {
  const { rule, files } = told("mine/IDC/a.png", "mine/no_IDC/a.png");
  assert.equal(rule, "file");
  assert.deepEqual(
    files.map(([, caseId, truth]) => [caseId, truth]),
    [
      ["mine/IDC/a.png", true],
      ["mine/no_IDC/a.png", false],
    ],
  );
});

test("A folder of a class is called 0, 1 or as a label of the model, in any case and spacing", () => {
  const { classes } = labelFolder(given("d/idc/a.png", "d/No-IDC/a.png", "d/1/b.png"), 0, model);
  assert.deepEqual(classes, { positive: ["1", "idc"], negative: ["No-IDC"] });
});

test("What is no image in a folder of a class is counted and ignored", () => {
  const folder = labelFolder(given("d/1/a.png", "d/1/notes.txt", "d/other/b.png"), 4, model);
  assert.equal(folder.ignored, 6);
  assert.equal(folder.files.length, 1);
  assert.equal(folder.name, "d");
});

test("An image whose name contradicts its folder, or tells no case among others that do, is an error", () => {
  const { files, errors } = labelFolder(
    given("d/1/9_a_class0.png", "d/1/9_b_class1.png", "d/0/9_c_class0.png", "d/0/odd.png"),
    0,
    model,
  );
  assert.equal(files.length, 2);
  assert.deepEqual(
    errors.map(({ file }) => file),
    ["d/0/odd.png", "d/1/9_a_class0.png"],
  );
  assert.match(errors[1]?.message ?? "", /folder of class 1 but its name says class 0/);
});

test("A folder without classes is refused with what to do", () => {
  assert.throws(() => labelFolder(given("d/a.png"), 0, model), {
    message:
      "Of 1 image none lies in a folder of a class. Put each image into a folder named 0, 1, “no IDC” or “IDC”, and give the folder that holds these.",
  });
  assert.throws(() => labelFolder([], 3, model), /There is no image in what was given/);
});

test("As many images and cases as the limits say are taken, one more is refused", () => {
  const many = (count: number, name: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => ({ name: name(i), file: new Blob([]) }));
  const oneCase = (i: number) => `d/0/1_x${i}_class0.png`;
  const ownCase = (i: number) => `d/0/${i}_x_class0.png`;
  assert.equal(labelFolder(many(MAX_EVALUATED, oneCase), 0, model).files.length, MAX_EVALUATED);
  assert.throws(() => labelFolder(many(MAX_EVALUATED + 1, oneCase), 0, model), FolderProblem);
  assert.equal(labelFolder(many(MAX_CASES, ownCase), 0, model).files.length, MAX_CASES);
  assert.throws(() => labelFolder(many(MAX_CASES + 1, ownCase), 0, model), FolderProblem);
});

test("A patch that is stored twice counts once; one of the same name with other bytes is an error", async () => {
  const folder = labelFolder(
    [
      { name: "d/1/9_a_class1.png", file: new Blob(["same"]) },
      { name: "d/copy/1/9_a_class1.png", file: new Blob(["same"]) },
      { name: "d/wrong/1/9_a_class1.png", file: new Blob(["else"]) },
    ],
    0,
    model,
  );
  const { files, duplicates, errors } = await withoutCopies(folder);
  assert.deepEqual(
    files.map(({ name }) => name),
    ["d/1/9_a_class1.png"],
  );
  assert.equal(duplicates, 1);
  assert.deepEqual(
    errors.map(({ file }) => file),
    ["d/wrong/1/9_a_class1.png"],
  );
});
