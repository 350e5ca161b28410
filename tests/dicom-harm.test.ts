// DICOM files that are cut off or whose bytes changed: read, or refused in a sentence.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { EngineError } from "../public/src/messages.ts";
import { openBytes } from "./dicom_setup.ts";
import { randomNumbers } from "./random_numbers.ts";
import { SMALL_FILES } from "./small_dicom.ts";

const SLOW_MS = 10_000; // on a machine that does much else

// Opens and reads the top left corner, as the page does: pixels, or one sentence.
async function tried(bytes: Uint8Array<ArrayBuffer>, what: string): Promise<"read" | "refused"> {
  const started = performance.now();
  let outcome: "read" | "refused" = "read";
  try {
    const source = await openBytes(bytes);
    const pixels = await source.read(0, { x: 0, y: 0, width: 16, height: 16 });
    assert.equal(pixels.data.length, pixels.width * pixels.height * pixels.channels, what);
  } catch (error) {
    if (!(error instanceof EngineError)) assert.fail(`${what}: ${inspect(error)}`);
    assert.match(error.message, /^[A-Z][^\n]{20,300}\.$/, what);
    outcome = "refused";
  }
  const took = performance.now() - started;
  assert.ok(took < SLOW_MS, `${what} took ${Math.round(took)} ms`);
  return outcome;
}

describe("A DICOM file that came to harm", () => {
  test("is read before", async () => {
    for (const [i, file] of SMALL_FILES.entries()) assert.equal(await tried(file, `${i}`), "read");
  });

  test("by being cut off anywhere is refused in a sentence", async () => {
    for (const [index, file] of SMALL_FILES.entries()) {
      let read = 0;
      for (let length = 0; length < file.length; ++length) {
        if ((await tried(file.slice(0, length), `file ${index} cut at ${length}`)) === "read")
          ++read;
      }
      // What ends with a delimiter or a byte of padding may lose that.
      assert.ok(read <= 1, `file ${index} was read in ${read} states of being cut off`);
    }
  });

  test("by bytes that changed is read or refused in a sentence", async () => {
    const random = randomNumbers(20261126);
    const below = (limit: number) => Math.floor(random() * limit);
    let [read, refused] = [0, 0];
    for (let n = 0; n < 6000; ++n) {
      const file = SMALL_FILES[n % SMALL_FILES.length] ?? new Uint8Array(0);
      const bytes = random() < 0.2 ? file.slice(0, below(file.length)) : file.slice();
      for (let flips = 1 + below(4); flips > 0; --flips) {
        const extreme = [0, 1, 127, 128, 254, 255][below(6)] ?? 0;
        bytes[132 + below(bytes.length)] = random() < 0.5 ? extreme : below(256);
      }
      if ((await tried(bytes, `seed 20261126, case ${n}`)) === "read") ++read;
      else ++refused;
    }
    console.log(`6000 changed DICOM files: ${read} read, ${refused} refused, none otherwise`);
    assert.ok(read > 500 && refused > 500);
  });
});
