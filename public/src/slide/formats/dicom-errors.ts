// The errors of a DICOM file. None ever holds text of the file: it may be a name.
import { EngineError } from "../../messages.ts";

export function corrupt(what: string): EngineError {
  return new EngineError(
    "image_corrupt",
    `The DICOM file is damaged: ${what}. Export it again from where it came.`,
  );
}

export function truncated(): EngineError {
  return new EngineError(
    "image_truncated",
    "The DICOM file ends before its image does: copy it again from where it came.",
  );
}

// what: a whole sentence with what to do.
export function unsupported(what: string): EngineError {
  return new EngineError("image_unsupported", what);
}

export function tooLarge(what: string): EngineError {
  return new EngineError("image_too_large", what);
}
