// A file of text of any length, made without blocking the page: a little at a time, each part given to
// the browser as soon as it is there, so that it is never one string. No DOM.

const WRITE_MS = 8; // at a time
export const PART_CHARACTERS = 65_536; // at a time, to the browser

// pieces: worked out as they are asked for; an empty one only gives the page a chance to breathe.
export async function longText(
  pieces: Iterable<string>,
  type: string,
  breathe: () => Promise<void>,
): Promise<Blob> {
  const parts: Blob[] = [];
  let some: string[] = [];
  let characters = 0;
  let began = performance.now();
  for (const piece of pieces) {
    some.push(piece);
    characters += piece.length;
    if (characters >= PART_CHARACTERS) {
      parts.push(new Blob(some));
      some = [];
      characters = 0;
    }
    if (performance.now() - began < WRITE_MS) continue;
    await breathe();
    began = performance.now();
  }
  return new Blob([...parts, ...some], { type });
}
