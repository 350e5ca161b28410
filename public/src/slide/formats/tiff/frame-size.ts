// The size that a JPEG or JPEG 2000 stream says it has, looked up before a decoder takes memory for it.

export interface FrameSize {
  readonly width: number;
  readonly height: number;
}

const isStartOfFrame = (marker: number): boolean =>
  marker >= 0xc0 && marker <= 0xcf && marker !== 0xc4 && marker !== 0xc8 && marker !== 0xcc;

// null: there is none, so no decoder will read it either.
export function jpegSize(bytes: Uint8Array): FrameSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 2;
  while (at + 9 <= bytes.length && view.getUint8(at) === 0xff) {
    const marker = view.getUint8(at + 1);
    if (isStartOfFrame(marker))
      return { height: view.getUint16(at + 5), width: view.getUint16(at + 7) };
    at += marker === 0xff ? 1 : 2 + view.getUint16(at + 2); // 0xff: a filling byte
  }
  return null;
}

// Of a codestream, or of one in the boxes of a JP2.
export function jpeg2000Size(bytes: Uint8Array): FrameSize | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + 24 <= bytes.length; at += 1) {
    // SOC, then SIZ: its length, capabilities, both ends of the image, both starts
    if (view.getUint32(at) !== 0xff4fff51) continue;
    const [right, bottom] = [view.getUint32(at + 8), view.getUint32(at + 12)];
    return {
      width: right - view.getUint32(at + 16),
      height: bottom - view.getUint32(at + 20),
    };
  }
  return null;
}
