// A model card, written in the little of Markdown that `insitu card` writes: headings, paragraphs,
// lists, tables, indented code; bold, emphasis, code and links in their texts. All else stays text.
import { make, table, type Child } from "./build.ts";

// Texts of a card begin with h3: the page has h1 and h2.
const HEADINGS = ["h3", "h4", "h5"] as const;

// Links lead to files of the repository, which the site does not have: their words stay.
function inline(text: string): Child[] {
  const parts = text.split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`|\[[^\]]+\]\([^)]*\))/);
  return parts.map((part) => {
    if (part.startsWith("**") && part.endsWith("**") && part.length > 4)
      return make("strong", {}, part.slice(2, -2));
    if (part.startsWith("*") && part.endsWith("*") && part.length > 2)
      return make("em", {}, part.slice(1, -1));
    if (part.startsWith("`") && part.endsWith("`") && part.length > 2)
      return make("code", {}, part.slice(1, -1));
    return /^\[([^\]]+)\]\([^)]*\)$/.exec(part)?.[1] ?? part;
  });
}

const cells = (line: string) =>
  line
    .replace(/^\s*\||\|\s*$/g, "")
    .split(/(?<!\\)\|/)
    .map((cell) => make("span", {}, ...inline(cell.trim().replaceAll("\\|", "|"))));

const isHeading = (line: string) => /^#{1,4} /.test(line);
const isRow = (line: string) => line.startsWith("|");
const isItem = (line: string) => /^[-*] /.test(line);
const isCode = (line: string) => /^ {4}\S/.test(line);
const isPlain = (line: string) =>
  line.trim() !== "" && !isHeading(line) && !isRow(line) && !isItem(line) && !isCode(line);

function tableOf(lines: string[], title: string): HTMLElement {
  const [head = "", , ...rows] = lines;
  const titles = cells(head).map((cell) => cell.textContent);
  return table(title, titles, rows.map(cells));
}

export function cardNodes(markdown: string): HTMLElement[] {
  const lines = markdown.split("\n");
  const nodes: HTMLElement[] = [];
  let title = "";
  let at = 0;
  const take = (is: (line: string) => boolean) => {
    const from = at;
    while (at < lines.length && is(lines[at] ?? "")) at++;
    return lines.slice(from, at);
  };
  while (at < lines.length) {
    const line = lines[at] ?? "";
    if (isHeading(line)) {
      title = line.replace(/^#+ /, "");
      const level = line.indexOf(" ") - 1;
      nodes.push(
        make(HEADINGS[Math.min(level, HEADINGS.length - 1)] ?? "h5", {}, ...inline(title)),
      );
      at++;
    } else if (isRow(line)) nodes.push(tableOf(take(isRow), title));
    else if (isItem(line)) {
      const items = take(isItem).map((item) => make("li", {}, ...inline(item.slice(2))));
      nodes.push(make("ul", {}, ...items));
    } else if (isCode(line)) {
      const code = take(isCode).map((one) => one.slice(4));
      nodes.push(make("pre", { tabindex: 0 }, make("code", {}, code.join("\n"))));
    } else if (isPlain(line)) nodes.push(make("p", {}, ...inline(take(isPlain).join(" "))));
    else at++;
  }
  return nodes;
}
