// The real WebAssembly with one fault put in: it traps on images of a certain number of bytes.

const EXPORTS = 7; // section numbers
const CODE = 10;
const FUNCTION = 0; // kind of export
const PREAMBLE_BYTES = 8; // magic and version

class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  get atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  take(count: number): Uint8Array {
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  byte(): number {
    return this.take(1)[0] ?? 0;
  }

  // LEB128
  number(): number {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = this.byte();
      value += (byte & 127) * 2 ** shift;
      if (byte < 128) return value;
    }
  }
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)];
}

function signed(value: number): number[] {
  return value < 64 ? [value] : [(value & 127) | 128, ...signed(value >>> 7)];
}

function functionIndex(exports: Uint8Array, wanted: string): number {
  const reader = new Reader(exports);
  for (let left = reader.number(); left > 0; left--) {
    const name = new TextDecoder().decode(reader.take(reader.number()));
    const kind = reader.byte();
    const index = reader.number();
    if (kind === FUNCTION && name === wanted) return index;
  }
  throw new Error(`the engine exports no ${wanted}`);
}

// Puts the instructions before those of one function.
function withPrologue(code: Uint8Array, index: number, prologue: number[]): Buffer {
  const reader = new Reader(code);
  const count = reader.number();
  const bodies = Array.from({ length: count }, (_, at) => {
    const body = reader.take(reader.number());
    if (at !== index) return Buffer.from([...unsigned(body.length), ...body]);
    const inside = new Reader(body);
    for (let groups = inside.number(); groups > 0; groups--) {
      inside.number(); // how many locals
      inside.byte(); // of which type
    }
    const changed = [...body.subarray(0, inside.at), ...prologue, ...body.subarray(inside.at)];
    return Buffer.from([...unsigned(changed.length), ...changed]);
  });
  return Buffer.concat([Buffer.from(unsigned(count)), ...bodies]);
}

// engine: engine.wasm. imageBytes: the length of the files that it traps on.
export function engineThatTraps(
  engine: Uint8Array<ArrayBuffer>,
  imageBytes: number,
): Uint8Array<ArrayBuffer> {
  return wasmThatTraps(engine, "insitu_read", 2, imageBytes);
}

// wasm: a file that exports the function. It traps where that parameter, counted from 0, has the
// value.
export function wasmThatTraps(
  wasm: Uint8Array<ArrayBuffer>,
  name: string,
  parameter: number,
  value: number,
): Uint8Array<ArrayBuffer> {
  const imports = WebAssembly.Module.imports(new WebAssembly.Module(wasm));
  const imported = imports.filter(({ kind }) => kind === "function").length;
  // if (parameter == value) unreachable
  const trap = [0x20, parameter, 0x41, ...signed(value), 0x46, 0x04, 0x40, 0x00, 0x0b];
  const reader = new Reader(wasm, PREAMBLE_BYTES);
  const parts: Uint8Array[] = [wasm.subarray(0, PREAMBLE_BYTES)];
  let index = -1;
  while (!reader.atEnd) {
    const section = reader.byte();
    let content = reader.take(reader.number());
    if (section === EXPORTS) index = functionIndex(content, name) - imported;
    if (section === CODE) content = withPrologue(content, index, trap);
    parts.push(Buffer.from([section, ...unsigned(content.length)]), content);
  }
  return new Uint8Array(Buffer.concat(parts));
}
