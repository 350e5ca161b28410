// What kind of file it is, by its first bytes; by its name only where the bytes cannot tell.

export const SIGNATURE_BYTES = 132; // that are looked at

export type Kind = "tiff" | "dicom" | "png" | "jpeg";

const isAt = (head: Uint8Array, at: number, bytes: readonly number[]): boolean =>
  bytes.every((byte, i) => head[at + i] === byte);
const ascii = (text: string): number[] => Array.from(text, (letter) => letter.charCodeAt(0));

const SIGNATURES: readonly (readonly [Kind, at: number, bytes: readonly number[]])[] = [
  ["tiff", 0, [...ascii("II"), 42, 0]],
  ["tiff", 0, [...ascii("MM"), 0, 42]],
  ["tiff", 0, [...ascii("II"), 43, 0]], // BigTIFF
  ["tiff", 0, [...ascii("MM"), 0, 43]],
  ["dicom", 128, ascii("DICM")],
  ["png", 0, [0x89, ...ascii("PNG\r\n"), 0x1a, 0x0a]],
  ["jpeg", 0, [0xff, 0xd8, 0xff]],
];

// null: none that is read
export function kindOf(head: Uint8Array): Kind | null {
  return SIGNATURES.find(([, at, bytes]) => isAt(head, at, bytes))?.[0] ?? null;
}

// Formats of scanners that are not read. Several lie in TIFF's or JPEG's clothes: what can be seen of
// them is an overview or a label, and the section is elsewhere.
const FOREIGN: readonly (readonly [ending: string, signature: readonly number[], name: string])[] =
  [
    ["czi", ascii("ZISRAWFILE"), "Zeiss CZI"],
    ["mrxs", [], "3DHISTECH MRXS"],
    ["vsi", [], "Olympus VSI"],
    ["ets", ascii("SIS\0"), "Olympus ETS"],
    ["ndpi", [], "Hamamatsu NDPI"],
    ["bif", [], "Ventana BIF"],
    ["scn", [], "Leica SCN"],
    ["lif", [], "Leica LIF"],
    ["isyntax", [], "Philips iSyntax"],
    ["nd2", [0xda, 0xce, 0xbe, 0x0a], "Nikon ND2"],
  ];

// The name of the format, for a person; null: none of these
export function foreignFormat(head: Uint8Array, fileName: string): string | null {
  const ending = fileName.slice(fileName.lastIndexOf(".") + 1).toLowerCase();
  const found = FOREIGN.find(
    ([end, bytes]) => end === ending || (bytes.length > 0 && isAt(head, 0, bytes)),
  );
  return found?.[2] ?? null;
}
