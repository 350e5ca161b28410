// A person's own images with their labels: class and case of each, as its path tells them. The same
// rules as model/dataset.cc for the layout of the public release, and wider ones for others. No DOM.
import { hasImageName } from "../sniff.ts";
import type { ModelFacts } from "../messages.ts";
import type { IncomingFile } from "../session.ts";
import type { FileFailure } from "./report.ts";

// Beyond these a browser's memory is at stake.
export const MAX_EVALUATED = 100_000; // images
export const MAX_CASES = 20_000; // INSITU_EVALUATION_MOST_DRAWS of wasm/evaluation_api.h at 2,000 samples

//   name    the file names begin with it, as in 10253_idx5_x1001_y1001_class0.png
//   folder  the folder above the folder of the class
//   file    nothing tells it, so each image is a case of its own
export type CaseRule = "name" | "folder" | "file";

export interface LabelledFile extends IncomingFile {
  caseId: string;
  truth: boolean; // is positive
}

export interface LabelledFolder {
  name: string;
  files: LabelledFile[]; // by case, then by file name
  rule: CaseRule;
  classes: { positive: string[]; negative: string[] }; // names of folders
  ignored: number; // files that are no image in a folder of a class
  duplicates: number; // not looked for before withoutCopies
  errors: FileFailure[]; // images that contradict the layout
}

// What was given cannot be evaluated: one sentence.
export class FolderProblem extends Error {}

interface Found extends IncomingFile {
  folders: string[];
  base: string;
  truth: boolean;
}

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

// Folder names are compared without regard to case, and to what stands for a space in them.
const plain = (name: string) =>
  name
    .trim()
    .toLowerCase()
    .replaceAll(/[\s_-]+/g, " ");

type Labels = Pick<ModelFacts, "labels" | "positive">;

function truthOf(folder: string, { labels, positive }: Labels): boolean | null {
  if (folder === "0" || folder === "1") return folder === "1";
  const at = labels.findIndex((label) => plain(label) === plain(folder));
  return at < 0 ? null : at === positive;
}

// Case and class as a name of the public release tells them; null for any other name.
export function parsePatchName(base: string): { caseId: string; truth: boolean } | null {
  const found = /^([^_]+)_(?:.*_)?class([01])$/.exec(base.replace(/\.[^.]*$/, ""));
  return found === null ? null : { caseId: found[1] ?? "", truth: found[2] === "1" };
}

function byName(found: Found[]): Pick<LabelledFolder, "files" | "errors"> {
  const files: LabelledFile[] = [];
  const errors: FileFailure[] = [];
  const fail = (file: string, message: string) =>
    errors.push({ file, code: "invalid_argument", message });
  for (const { name, file, base, truth } of found) {
    const told = parsePatchName(base);
    if (told === null) {
      const like = "it should be like 10253_idx5_x1001_y1001_class0.png.";
      fail(name, `The name ${base} does not tell case and class; ${like}`);
    } else if (told.truth !== truth) {
      const [folder, said] = [Number(truth), Number(told.truth)];
      fail(name, `It lies in the folder of class ${folder} but its name says class ${said}.`);
    } else files.push({ name, file, ...told });
  }
  return { files, errors };
}

function withRule(found: Found[]): Pick<LabelledFolder, "files" | "errors" | "rule"> {
  const named = found.filter(({ base }) => parsePatchName(base) !== null).length;
  if (2 * named > found.length) return { rule: "name", ...byName(found) };
  const above = ({ folders }: Found) => folders.slice(0, -1).join("/");
  const several = new Set(found.map(above)).size > 1;
  const caseOf = (one: Found) => (several ? caseName(one.folders) : one.name);
  const files = found.map((one): LabelledFile => {
    const { name, file, truth } = one;
    return { name, file, truth, caseId: caseOf(one) };
  });
  return { rule: several ? "folder" : "file", files, errors: [] };
}

// Without the folder that was given and without the class's own.
function caseName(folders: string[]): string {
  return folders.slice(1, -1).join("/") || (folders[0] ?? "");
}

function listed(names: readonly string[]): string {
  const [last = "", ...rest] = [...names].reverse();
  return rest.length === 0 ? last : `${rest.reverse().join(", ")} or ${last}`;
}

function check(folder: LabelledFolder, images: number, { labels }: Labels): void {
  if (folder.files.length === 0 && folder.errors.length === 0) {
    const wanted = listed(["0", "1", ...labels.map((label) => `“${label}”`)]);
    const none =
      images === 0
        ? "There is no image in what was given"
        : `Of ${images === 1 ? "1 image" : `${images} images`} none lies in a folder of a class`;
    throw new FolderProblem(
      `${none}. Put each image into a folder named ${wanted}, and give the folder that holds these.`,
    );
  }
  const cases = new Set(folder.files.map(({ caseId }) => caseId)).size;
  if (cases > MAX_CASES)
    throw new FolderProblem(
      `There are ${cases} cases; up to ${MAX_CASES} are evaluated here. Evaluate them in parts, or with the program insitu.`,
    );
}

// files: with the folders that they lie in. passedOver: others, that are no images. Throws a
// FolderProblem.
export function labelFolder(
  files: readonly IncomingFile[],
  passedOver: number,
  labels: Labels,
): LabelledFolder {
  if (files.length > MAX_EVALUATED)
    throw new FolderProblem(
      `There are ${files.length} files; up to ${MAX_EVALUATED} are evaluated here. Evaluate them in parts, or with the program insitu.`,
    );
  const sorted = [...files].sort((a, b) => compare(a.name, b.name));
  const seen = { positive: new Set<string>(), negative: new Set<string>() };
  const found: Found[] = [];
  for (const { name, file } of sorted) {
    const folders = name.split("/");
    const base = folders.pop() ?? "";
    const own = folders.at(-1) ?? "";
    const truth = hasImageName(base) ? truthOf(own, labels) : null;
    if (truth === null) continue;
    seen[truth ? "positive" : "negative"].add(own);
    found.push({ name, file, folders, base, truth });
  }
  const ruled = withRule(found);
  const base = (path: string) => path.slice(path.lastIndexOf("/") + 1);
  ruled.files.sort(
    (a, b) =>
      compare(a.caseId, b.caseId) || compare(base(a.name), base(b.name)) || compare(a.name, b.name),
  );
  const tops = new Set(sorted.map(({ name }) => name.split("/")[0] ?? ""));
  const folder: LabelledFolder = {
    ...ruled,
    name: tops.size === 1 && found.length > 0 ? ([...tops][0] ?? "") : "images",
    classes: { positive: [...seen.positive], negative: [...seen.negative] },
    ignored: passedOver + sorted.length - found.length,
    duplicates: 0,
  };
  check(folder, sorted.filter(({ name }) => hasImageName(name)).length, labels);
  return folder;
}

async function sameBytes(a: Blob, b: Blob): Promise<boolean> {
  if (a.size !== b.size) return false;
  const [one, other] = await Promise.all([a.arrayBuffer(), b.arrayBuffer()]);
  const bytes = new Uint8Array(other);
  return new Uint8Array(one).every((byte, index) => byte === bytes[index]);
}

// The public archive holds every patch twice: one whose name was seen already counts once where its
// bytes are the same, and is an error where they differ. Only where names tell the case.
export async function withoutCopies(folder: LabelledFolder): Promise<LabelledFolder> {
  if (folder.rule !== "name") return folder;
  const first = new Map<string, LabelledFile>();
  const errors = [...folder.errors];
  let duplicates = 0;
  for (const one of folder.files) {
    const base = one.name.slice(one.name.lastIndexOf("/") + 1);
    const before = first.get(base);
    if (before === undefined) first.set(base, one);
    else if (await sameBytes(one.file, before.file)) duplicates += 1;
    else {
      const message = `It has the name of ${before.name} but different contents.`;
      errors.push({ file: one.name, code: "invalid_argument", message });
    }
  }
  return { ...folder, files: [...first.values()], errors, duplicates };
}

const RULES: Record<CaseRule, string> = {
  name: "The case of an image is what its file name begins with, as in 10253_idx5_x1001_y1001_class0.png.",
  folder: "The case of an image is the folder above the folder of its class.",
  file: "Neither names nor folders tell cases, so each image counts as a case of its own. If several are of one case, the intervals are too narrow: put each case's folders of classes into a folder of its own.",
};

export const ruleSentence = (rule: CaseRule) => RULES[rule];
