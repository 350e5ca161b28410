// A slide worker for tests of the page alone: a made section of any size, told by the header of a PNG,
// and a scanner that answers a known field. The protocol, the queue and the lock are the real ones.
import { EngineError } from "../../public/src/messages.ts";
import { lockNetwork } from "../../public/src/network-lock.ts";
import type { ScanEngine, ScanPlan } from "../../public/src/slide/scan-engine.ts";
import type { ScanBlock, ScanSummary } from "../../public/src/slide/scanner.ts";
import { serveSlides, type SlideScope } from "../../public/src/slide/slide-service.ts";
import type { SlideSource } from "../../public/src/slide/source.ts";

const PATCH = 50;
const UM = 4;
const BLOCK_CELLS = 16;
const STAND_IN_BLOCK_MS = 60;

// Whether a place, in shares of the image, is tissue; and how suspicious it is.
const inTissue = (u: number, v: number) =>
  ((u - 0.5) / 0.42) ** 2 + ((v - 0.52) / 0.4) ** 2 + 0.08 * Math.sin(9 * u + 5 * v) < 1;
const suspicion = (u: number, v: number) => {
  const spot = (x: number, y: number, size: number) =>
    Math.exp(-((u - x) ** 2 + (v - y) ** 2) / size ** 2);
  return Math.min(0.99, 0.06 + 0.95 * spot(0.36, 0.42, 0.11) + 0.8 * spot(0.66, 0.65, 0.07));
};

function hash(x: number, y: number): number {
  let mixed = Math.imul(x, 374761393) ^ Math.imul(y, 668265263);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 1274126177);
  return ((mixed ^ (mixed >>> 16)) >>> 0) / 2 ** 32;
}

async function open(file: Blob, name: string): Promise<SlideSource> {
  const head = new DataView(await file.slice(0, 26).arrayBuffer());
  const [width, height] = [head.getUint32(16), head.getUint32(20)];
  if (width === 13) throw new EngineError("file_damaged", `${name} is cut off; copy it again.`);
  const facts = {
    format: "PNG",
    levels: [{ width, height }],
    channels: 3 as const,
    umPerPixel: null,
    scaleFrom: null,
    kind: null,
    sequential: true,
    notes: [],
  };
  return {
    facts,
    read: (_, rectangle) => {
      const data = new Uint8Array(rectangle.width * rectangle.height * 3);
      for (let y = 0; y < rectangle.height; y++) {
        for (let x = 0; x < rectangle.width; x++) {
          const [px, py] = [rectangle.x + x, rectangle.y + y];
          const [u, v] = [px / width, py / height];
          const noise = hash(px >> 1, py >> 1);
          const nucleus = hash(px >> 3, py >> 3) < 0.1 + 0.4 * suspicion(u, v) ? 1 : 0;
          const tissue = inTissue(u, v) ? 1 : 0;
          const at = (y * rectangle.width + x) * 3;
          data[at] = 244 - tissue * (34 + 40 * noise + 70 * nucleus);
          data[at + 1] = 242 - tissue * (92 + 50 * noise + 50 * nucleus);
          data[at + 2] = 246 - tissue * (44 + 30 * noise + 30 * nucleus);
        }
      }
      return Promise.resolve({ ...rectangle, channels: 3, data });
    },
    close: () => undefined,
  };
}

class KnownField implements ScanEngine {
  readonly memoryBytes = 1 << 20;
  #plan: ScanPlan | null = null;

  plan(width: number, height: number, _: number, umPerPixel: number, asked: number): ScanPlan {
    const stride = asked === 0 ? PATCH : asked;
    const magnification = umPerPixel / UM;
    const [scaledWidth, scaledHeight] = [width, height].map((side) =>
      Math.round(side * magnification),
    ) as [number, number];
    const count = (side: number) => Math.floor((side - PATCH) / stride) + 1;
    const [columns, rows] = [count(scaledWidth), count(scaledHeight)];
    const blocks: ScanBlock[] = [];
    const cells = stride === PATCH ? BLOCK_CELLS : BLOCK_CELLS * 8;
    for (let row = 0; row < rows; row += cells) {
      for (let column = 0; column < columns; column += cells) {
        const size = {
          columns: Math.min(cells, columns - column),
          rows: Math.min(cells, rows - row),
        };
        const side = (count: number) => Math.round(((count - 1) * stride + PATCH) / magnification);
        const at = (cell: number) => Math.round((cell * stride) / magnification);
        const [x, y] = [at(column), at(row)];
        const [w, h] = [
          Math.min(width - x, side(size.columns)),
          Math.min(height - y, side(size.rows)),
        ];
        blocks.push({ x, y, width: w, height: h, column, row, ...size });
      }
    }
    const strides = [4, 8, 16, PATCH];
    const shape = { columns, rows, stride, patch: PATCH, scaledWidth, scaledHeight };
    return (this.#plan = { ...shape, magnification, dense: stride < PATCH, strides, blocks });
  }

  run(index: number): { values: Float32Array<ArrayBuffer>; verdicts: Uint8Array<ArrayBuffer> } {
    const plan = this.#plan;
    const block = plan?.blocks[index];
    if (plan === null || block === undefined) throw new EngineError("engine_start", "no plan");
    const count = block.columns * block.rows;
    const [values, verdicts] = [new Float32Array(count), new Uint8Array(count)];
    for (let at = 0; at < count; at++) {
      const column = block.column + (at % block.columns);
      const row = block.row + Math.floor(at / block.columns);
      const u = (column * plan.stride + PATCH / 2) / plan.scaledWidth;
      const v = (row * plan.stride + PATCH / 2) / plan.scaledHeight;
      const refused = Math.hypot(u - 0.6, v - 0.3) < 0.05;
      verdicts[at] = !inTissue(u, v) ? 1 : refused ? 103 : 0;
      values[at] = verdicts[at] === 0 ? suspicion(u, v) : Number.NaN;
    }
    const until = performance.now() + STAND_IN_BLOCK_MS;
    while (performance.now() < until); // as long as computing takes
    return { values, verdicts };
  }

  summary(values: Float32Array, verdicts: Uint8Array, threshold: number): ScanSummary {
    const plan = this.#plan;
    if (plan === null) throw new EngineError("engine_start", "no plan");
    const cell = (plan.stride * UM) ** 2 / 1e6;
    const count = (wanted: (at: number) => boolean) =>
      values.reduce((sum, _, at) => sum + (wanted(at) ? 1 : 0), 0);
    const judged = count((at) => verdicts[at] === 0);
    const isPositive = (at: number) => verdicts[at] === 0 && (values[at] ?? 0) >= threshold;
    const positive = count(isPositive);
    const order = [...values.keys()].filter(isPositive);
    order.sort((a, b) => (values[b] ?? 0) - (values[a] ?? 0));
    return {
      threshold,
      cell: { columns: plan.columns, rows: plan.rows, stride: plan.stride, um_per_pixel: UM },
      area_mm2: {
        image: (plan.scaledWidth * plan.scaledHeight * UM * UM) / 1e6,
        judged: judged * cell,
        no_tissue: count((at) => verdicts[at] === 1) * cell,
        refused: { blur: count((at) => verdicts[at] === 103) * cell },
        outside_region: count((at) => verdicts[at] === 2) * cell,
        rim: 1.2,
      },
      positive: {
        cells: positive,
        area_mm2: positive * cell,
        fraction: judged === 0 ? null : positive / judged,
        interval: judged === 0 ? null : [(0.8 * positive) / judged, (1.2 * positive) / judged],
      },
      largest_focus:
        positive === 0
          ? null
          : {
              area_mm2: positive * cell,
              cells: positive,
              x: 1300,
              y: 1250,
              left: 900,
              top: 850,
              width: 800,
              height: 650,
            },
      suspicious: order.slice(0, 5).map((at) => ({
        column: at % plan.columns,
        row: Math.floor(at / plan.columns),
        x: 0,
        y: 0,
        probability: values[at] ?? 0,
        interval: null,
      })),
      film: null,
    };
  }
}

const scope: unknown = globalThis;
const { port1, port2 } = new MessageChannel();
lockNetwork(globalThis);
serveSlides(scope as SlideScope, {
  open,
  createEngine: () => Promise.resolve(new KnownField()),
  memoryBytes: () => 0,
  breathe: () =>
    new Promise((resolve) => {
      port1.onmessage = () => resolve();
      port2.postMessage(null);
    }),
});
