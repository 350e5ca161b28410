// What every page of the bench does, whatever its engine.
import { randomNumbers } from "../../random_numbers.ts";
import type { BenchPage, LayerFile, Load, Ready, Slice } from "./protocol.ts";

export async function fetched(path: string): Promise<ArrayBuffer> {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.arrayBuffer();
}

export async function layersOf(network: string): Promise<LayerFile> {
  const text = new TextDecoder().decode(await fetched(`/networks/${network}.json`));
  return JSON.parse(text) as LayerFile;
}

// The same numbers for every engine, of [-1, 1).
export function inputOf(count: number): Float32Array {
  const random = randomNumbers(5);
  return Float32Array.from({ length: count }, () => 2 * random() - 1);
}

export function serve(load: Load): void {
  let ready: Ready | null = null;
  const running = (): Ready => {
    if (ready === null) throw new Error("nothing has been loaded");
    return ready;
  };
  const page: BenchPage = {
    async load(request) {
      const { image } = await layersOf(request.network);
      const [height, width, channels] = image;
      const input = inputOf(request.batch * height * width * channels);
      ready = await load(request, input, image);
      return { threads: ready.threads };
    },
    output: async () => [...(await running().run())],
    async run(ms): Promise<Slice> {
      const network = running();
      const start = performance.now();
      for (let runs = 1; ; runs++) {
        await network.run();
        const passed = performance.now() - start;
        if (passed >= ms) return { runs, ms: passed };
      }
    },
  };
  Object.assign(globalThis, { bench: page });
}
