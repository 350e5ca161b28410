// What can be wrong with a TIFF, in sentences for a person.
import { EngineError } from "../../../messages.ts";

const CONVERT =
  "Convert it to a tiled or pyramidal TIFF or OME-TIFF, for instance with QuPath or bfconvert.";

export class Problems {
  readonly #name: string;

  constructor(name: string) {
    this.#name = name;
  }

  // where: "in the middle of a tile"
  truncated(where: string): EngineError {
    return new EngineError(
      "image_truncated",
      `${this.#name} ends ${where}; copy or export it again, the copy is not complete.`,
    );
  }

  // what: "its directories point in a circle"
  corrupt(what: string): EngineError {
    return new EngineError(
      "image_corrupt",
      `${this.#name} is damaged: ${what}. Copy or export it again.`,
    );
  }

  // what: "holds signed samples"
  unsupported(what: string): EngineError {
    return new EngineError("image_unsupported", `${this.#name} ${what}. ${CONVERT}`);
  }

  tooLarge(what: string): EngineError {
    return new EngineError("image_too_large", `${this.#name} ${what}. ${CONVERT}`);
  }

  unreadable(): EngineError {
    return new EngineError(
      "file_unreadable",
      `The browser could not read ${this.#name}; it may have been moved, changed or removed. ` +
        "Choose it again.",
    );
  }
}

// The library that reads the directories fails with errors of its own kind, most of them because
// the bytes end too early.
export async function asProblem<T>(work: () => Promise<T>, problem: EngineError): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof EngineError ? error : problem;
  }
}
