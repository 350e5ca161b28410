// The part of a style sheet that a page uses: rules whose every class is among the given words.
// Of Bootstrap's 280 KB a tenth stays, and none of its data: images, which the page's
// Content-Security-Policy would have to allow.

// Splits at a separator outside brackets and quotes.
function splitOutside(text, separator) {
  const parts = [];
  let depth = 0;
  let quote = "";
  let begin = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (quote !== "") {
      if (c === "\\") i++;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if ("([{".includes(c)) depth++;
    else if (")]}".includes(c)) depth--;
    else if (c === separator && depth === 0) {
      parts.push(text.slice(begin, i));
      begin = i + 1;
    }
  }
  return [...parts, text.slice(begin)];
}

// The top-level rules of a sheet without comments: [prelude, body], body null where there is none.
function* rulesOf(css) {
  let depth = 0;
  let quote = "";
  let begin = 0;
  let open = 0;
  for (let i = 0; i < css.length; i++) {
    const c = css[i];
    if (quote !== "") {
      if (c === "\\") i++;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === "(") depth++;
    else if (c === ")") depth--;
    else if (c === "{" && depth++ === 0) open = i;
    else if (c === "}" && --depth === 0) {
      yield [css.slice(begin, open).trim(), css.slice(open + 1, i)];
      begin = i + 1;
    } else if (c === ";" && depth === 0) {
      yield [css.slice(begin, i).trim(), null];
      begin = i + 1;
    }
  }
}

// What a selector excludes need not be used.
function isUsed(selector, words) {
  const required = selector.replace(/"[^"]*"|'[^']*'/g, "").replace(/:not\([^()]*\)/g, "");
  return [...required.matchAll(/\.([\w-]+)/g)].every(([, name]) => words.has(name));
}

// known: words whose rules are left out; null for none.
function subset(css, words, known) {
  let kept = "";
  for (const [prelude, body] of rulesOf(css)) {
    if (body === null) {
      kept += `${prelude};`;
    } else if (/^@(media|supports|layer)\b/.test(prelude)) {
      const inner = subset(body, words, known);
      if (inner !== "") kept += `${prelude}{${inner}}`;
    } else if (/^@keyframes\b/.test(prelude)) {
      const name = prelude.split(/\s+/)[1];
      if (words.has(name) && known?.has(name) !== true) kept += `${prelude}{${body}}`;
    } else {
      const selectors = splitOutside(prelude, ",").filter(
        (selector) => isUsed(selector, words) && (known === null || !isUsed(selector, known)),
      );
      if (selectors.length > 0) kept += `${selectors.join(",")}{${body}}`;
    }
  }
  return kept;
}

const wordsOf = (sources) => new Set(sources.flatMap((source) => source.match(/[\w-]+/g) ?? []));

// css: a whole style sheet. sources: texts of the page; any word of theirs may be a class. known:
// sources whose rules another style sheet of the page has already. Keeps the licence comment at the
// top.
export function cssSubset(css, sources, known = null) {
  const words = wordsOf(sources);
  const licence = /^(@charset[^;]*;\s*)?\/\*![\s\S]*?\*\//.exec(css)?.[0] ?? "";
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, "");
  return `${licence}\n${subset(plain, words, known === null ? null : wordsOf(known))}`;
}
