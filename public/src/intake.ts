// How images come in: dropped (folders too), chosen or pasted.
// Of a dropped folder only files that are named as images are taken; a file given by itself is always
// taken, and judged by its content.
import type { IncomingFile } from "./session.ts";
import { hasImageName } from "./sniff.ts";

export interface Incoming {
  files: IncomingFile[];
  passedOver: number; // files of dropped folders that are no images
}

export function fromList(list: Iterable<File>): Incoming {
  const files = Array.from(list, (file) => ({ name: file.webkitRelativePath || file.name, file }));
  return { files, passedOver: 0 };
}

// Pasted images have no name of their own, or all the same one.
export function fromClipboard(data: DataTransfer, now: Date): Incoming {
  const images = [...data.files];
  const time = now.toTimeString().slice(0, 8).replaceAll(":", "-");
  const files = images.map((file, index) => {
    const number = images.length > 1 ? ` ${index + 1}` : "";
    const pasted = /^image\.\w+$/.test(file.name);
    return { name: pasted ? `pasted at ${time}${number}.png` : file.name, file };
  });
  return { files, passedOver: 0 };
}

function entriesOf(folder: FileSystemDirectoryEntry): Promise<FileSystemEntry[]> {
  const reader = folder.createReader();
  const all: FileSystemEntry[] = [];
  return new Promise((resolve, reject) => {
    const next = () =>
      reader.readEntries((some) => {
        all.push(...some);
        if (some.length === 0) resolve(all);
        else next(); // browsers hand out about a hundred at a time
      }, reject);
    next();
  });
}

function fileOf(entry: FileSystemFileEntry): Promise<File> {
  return new Promise((resolve, reject) => entry.file(resolve, reject));
}

async function collect(folder: FileSystemDirectoryEntry, into: Incoming): Promise<void> {
  const entries = await entriesOf(folder);
  entries.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  for (const entry of entries) {
    if (entry.isDirectory) await collect(entry as FileSystemDirectoryEntry, into);
    else if (!hasImageName(entry.name)) into.passedOver += 1;
    else {
      const name = entry.fullPath.replace(/^\//, "");
      into.files.push({ name, file: await fileOf(entry as FileSystemFileEntry) });
    }
  }
}

// To be called in the drop event itself: afterwards the browser has forgotten the items. Rejects if
// a folder cannot be read.
export async function fromDrop(data: DataTransfer): Promise<Incoming> {
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const incoming = fromList(data.files);
  const folders = entries.filter((entry) => entry?.isDirectory === true);
  if (folders.length === 0) return incoming;
  // A dropped folder is also in the list of files, as a file that cannot be read.
  const names = new Set(folders.map((folder) => folder?.name));
  incoming.files = incoming.files.filter(({ name }) => !names.has(name));
  for (const folder of folders) await collect(folder as FileSystemDirectoryEntry, incoming);
  return incoming;
}
