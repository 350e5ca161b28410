// What others published, as a model card's facts tell it (model/NAME.card.toml and the file that it
// names as its base): the tables [[published]] and the list published_notes. Reads just that of
// TOML: keys with texts, numbers or lists of texts; anything else in those places is an error.
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";

// One value, which may go on over the next lines. TOML's basic strings are JSON's.
function valueAt(lines, at, text) {
  let whole = text;
  let end = at;
  while (whole.startsWith("[") && !/\]\s*$/.test(whole) && end + 1 < lines.length) {
    whole += lines[++end].trim();
  }
  return { value: JSON.parse(whole.replace(/,\s*\]$/, "]")), end };
}

// What is behind a whole text or number in its line.
function withoutComment(text) {
  return text.replace(/^("(?:[^"\\]|\\.)*"|[\d.+-]+)\s*#.*$/, "$1");
}

function read(toml, path) {
  const lines = toml.split("\n");
  const facts = { base: null, figures: null, notes: null }; // null: not said
  let table = "";
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at].trim();
    const heading = /^\[+([\w.-]+)\]+$/.exec(line);
    if (heading !== null) {
      table = heading[1];
      if (table === "published") (facts.figures ??= []).push({});
      continue;
    }
    const entry = /^([\w-]+)\s*=\s*(.*)$/.exec(line);
    if (entry === null) continue;
    const [, key, text] = entry;
    const wanted = table === "" && /^(base|published|published_notes)$/.test(key);
    if (!wanted && table !== "published") continue;
    try {
      const { value, end } = valueAt(lines, at, withoutComment(text));
      at = end;
      if (table === "published") facts.figures.at(-1)[key] = value;
      else if (key === "base") facts.base = value;
      else if (key === "published") facts.figures = value;
      else facts.notes = value;
    } catch {
      throw new Error(`${path}, line ${at + 1}: ${key} is neither a text, a number nor a list.`);
    }
  }
  return facts;
}

// null where there is no such file, or nothing is published in it. What the file says itself counts
// in place of what its base says.
export function publishedFigures(path) {
  if (!existsSync(path)) return null;
  const own = read(readFileSync(path, "utf8"), path);
  const base = own.base === null ? null : publishedFigures(join(dirname(path), own.base));
  const figures = own.figures ?? base?.figures ?? [];
  const notes = own.notes ?? base?.notes ?? [];
  return figures.length === 0 ? null : { figures, notes };
}
