// What an ONNX file says of itself: its metadata_props, as a Map. The file is our own or a hospital's,
// so it is read without much ado; the engine is who judges it.
const METADATA_PROPS = 14; // of ModelProto, onnx.proto3
const KEY = 1; // of StringStringEntryProto
const VALUE = 2;
const VARINT = 0;
const DELIMITED = 2;

// Fields of a protocol buffer message: [number, bytes], those of other wire types left out.
function* fields(bytes) {
  let at = 0;
  const varint = () => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error("the file ends too early");
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const wire = key % 8;
    if (wire === VARINT) varint();
    else if (wire === DELIMITED) {
      const length = varint();
      yield [Math.floor(key / 8), bytes.subarray(at, at + length)];
      at += length;
    } else at += wire === 1 ? 8 : 4;
  }
}

export function onnxMetadata(bytes) {
  const entries = [...fields(bytes)].filter(([number]) => number === METADATA_PROPS);
  return new Map(
    entries.map(([, entry]) => {
      const parts = new Map(fields(entry));
      const text = (number) => Buffer.from(parts.get(number) ?? []).toString("utf8");
      return [text(KEY), text(VALUE)];
    }),
  );
}
