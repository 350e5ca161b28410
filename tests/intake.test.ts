import assert from "node:assert/strict";
import { test } from "node:test";
import { fromClipboard, fromDrop, fromList } from "../public/src/intake.ts";

const fileNamed = (name: string) => new File(["x"], name);

interface Tree {
  [name: string]: Tree | null; // null: a file
}

// A folder as a browser hands it out: some entries at a time, then none.
function entryOf(name: string, tree: Tree | null, path = `/${name}`): object {
  if (tree === null) {
    const file = (give: (file: File) => void) => give(fileNamed(name));
    return { name, fullPath: path, isDirectory: false, file };
  }
  const left = Object.entries(tree).map(([child, below]) =>
    entryOf(child, below, `${path}/${child}`),
  );
  const readEntries = (give: (entries: object[]) => void) => give(left.splice(0, 2));
  return { name, fullPath: path, isDirectory: true, createReader: () => ({ readEntries }) };
}

function dropped(files: string[], folders: Record<string, Tree>): DataTransfer {
  const entries = [
    ...files.map((name) => entryOf(name, null)),
    ...Object.entries(folders).map(([name, tree]) => entryOf(name, tree)),
  ];
  return {
    files: [...files, ...Object.keys(folders)].map(fileNamed),
    items: entries.map((entry) => ({ webkitGetAsEntry: () => entry })),
  } as unknown as DataTransfer;
}

test("Files keep their order, and a file given by itself is taken whatever its name", async () => {
  const incoming = await fromDrop(dropped(["b.txt", "a.png"], {}));
  assert.deepEqual(
    incoming.files.map(({ name }) => name),
    ["b.txt", "a.png"],
  );
  assert.equal(incoming.passedOver, 0);
});

test("A folder is read to its bottom, in the order a person counts, without what is no image", async () => {
  const tree = {
    "p10.png": null,
    "p2.JPG": null,
    "notes.csv": null,
    "1": { "deep.pgm": null, ".DS_Store": null },
  };
  const incoming = await fromDrop(dropped(["single.png"], { "8867": tree }));
  assert.deepEqual(
    incoming.files.map(({ name }) => name),
    ["single.png", "8867/1/deep.pgm", "8867/p2.JPG", "8867/p10.png"],
  );
  assert.equal(incoming.passedOver, 2);
});

test("A folder that cannot be read is a failure, not an empty list", async () => {
  const data = dropped([], { broken: {} });
  const [item] = data.items as unknown as { webkitGetAsEntry: () => object }[];
  const readEntries = (_: unknown, fail: (error: Error) => void) => fail(new Error("no access"));
  assert.ok(item);
  item.webkitGetAsEntry = () => ({
    name: "broken",
    isDirectory: true,
    createReader: () => ({ readEntries }),
  });
  await assert.rejects(fromDrop(data), /no access/);
});

test("A pasted image is named by the time, a pasted file keeps its name", () => {
  const data = { files: [fileNamed("image.png")] } as unknown as DataTransfer;
  const now = new Date(2026, 0, 2, 9, 5, 7);
  assert.equal(fromClipboard(data, now).files[0]?.name, "pasted at 09-05-07.png");
  const named = {
    files: [fileNamed("patch.png"), fileNamed("image.png")],
  } as unknown as DataTransfer;
  const names = fromClipboard(named, now).files.map(({ name }) => name);
  assert.deepEqual(names, ["patch.png", "pasted at 09-05-07 2.png"]);
});

test("A chosen file has its own name", () => {
  assert.deepEqual(
    fromList([fileNamed("a.png")]).files.map(({ name }) => name),
    ["a.png"],
  );
});
