import { bytesOf, normalised, report } from "./first_prediction.ts";
import type { LayerFile, StoredWeights } from "./protocol.ts";
import { env, ready, setBackend, setWasmPaths, tfjsNetwork } from "./tfjs_network.ts";

// float16 -> float32
function widen(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 31;
  const fraction = bits & 1023;
  return exponent === 0
    ? sign * fraction * 2 ** -24
    : sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}

// All biases as float32 and then all weights as float16 -> as in seed.bin.
function widened({ layers }: LayerFile, { buffer }: Uint8Array<ArrayBuffer>): Float32Array {
  const count = ({ shape }: StoredWeights) => shape.reduce((product, size) => product * size, 1);
  const biases = layers.flatMap(({ bias }) => (bias === undefined ? [] : [bias]));
  const weights = layers.flatMap((layer) => (layer.weights === undefined ? [] : [layer.weights]));
  const floats = biases.reduce((sum, bias) => sum + count(bias), 0);
  const [wide, halves] = [new Float32Array(buffer, 0, floats), new Uint16Array(buffer, floats * 4)];
  const values = new Float32Array(wide.length + halves.length);
  let from = 0;
  for (const stored of biases) {
    values.set(wide.subarray(from, (from += count(stored))), stored.offset);
  }
  from = 0;
  for (const stored of weights) {
    const part = halves.subarray(from, (from += count(stored)));
    values.set(Float32Array.from(part, widen), stored.offset);
  }
  return values;
}

async function started(): Promise<void> {
  env().set("WASM_HAS_MULTITHREAD_SUPPORT", false);
  setWasmPaths("/rivals/tfjs/");
  await setBackend("wasm");
  await ready();
}

report(async () => {
  const [rgb, layers, halves] = await Promise.all([
    bytesOf("/given/patch.rgb"),
    bytesOf("/networks/seed.json"),
    bytesOf("/networks/seed.half.bin"),
    started(),
  ]);
  const file = JSON.parse(new TextDecoder().decode(layers)) as LayerFile;
  const model = tfjsNetwork(file, widened(file, halves), 1);
  return { probabilities: model(normalised(rgb, "interleaved")), model };
});
