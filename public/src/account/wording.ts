// What the account says: every failure as a sentence that says what to do. No DOM.
import { textOf } from "../messages.ts";
import { byteCount, plural } from "../wording.ts";
import { ApiError } from "./api.ts";
import type { Config, StorageMode, User } from "./api-types.ts";
import type { Keeping } from "./keeper.ts";
import type { RecoveryKeySlip } from "./recovery-key.ts";
import { HasherError } from "./password-hash.ts";
import { VaultError, type VaultFault } from "./vault.ts";

const PROBLEMS: Record<string, string> = {
  offline: "The server did not answer. Check the connection and try again.",
  bad_answer:
    "The server's answer could not be understood. Try again; if it stays, tell whoever runs this server.",
  cancelled: "Cancelled.",
  cross_site:
    "The server refused, because the request seemed to come from another site. Open InSitu at its own address and try again.",
  username_taken: "Somebody has this user name already. Choose another one.",
  registration_closed: "This server takes no new accounts. Ask whoever runs it for one.",
  invitation_invalid:
    "This invitation is not known, was used already, or has expired. Ask for a new one.",
  invalid_credentials: "The user name or the password is wrong. Check both and try again.",
  code_invalid: "This code is wrong or was used already. Wait for the next one and type that.",
  ticket_expired: "That took too long, and the sign-in was dropped for safety. Start again.",
  reauthentication_required:
    "The server wants your password again for this. Type it and try again.",
  user_key_changed:
    "Your account was changed in another window meanwhile. Reload the page and try again.",
  object_differs: "Another image lies in this place already. Try again; it will get a new place.",
  object_too_large:
    "This image is larger than this server keeps. Save its region of interest as a smaller image.",
  quota_exceeded:
    "There is no room left in your account. Delete kept images that you no longer need, then try again.",
  record_changed:
    "This was changed in another window meanwhile. Open it again and repeat the change.",
  record_too_large: "The note is too long to be kept. Shorten it.",
  unavailable:
    "The server cannot store anything at the moment. Nothing was lost here; try again in a few minutes.",
  session_ended: "You are no longer signed in. Sign in again; nothing on this page is lost.",
  not_found: "This is no longer there. It may have been deleted in another window.",
  damaged: "This was changed or damaged on the server, and is not shown.",
  password_wrong: "The password is wrong. Check it and try again.",
};

const FAULTS: Record<VaultFault, string> = {
  kdf_refused:
    "The server asked for a weaker protection of your password than is safe, so nothing was sent. Tell whoever runs this server.",
  wrong_key:
    "This key does not open what was kept. Sign in again; if it stays, use your recovery key.",
  damaged: "This was changed or damaged on the server, and is not shown.",
};

const HASHING: Record<string, string> = {
  download:
    "What protects your password did not arrive whole and unchanged. Check the connection and try again.",
  out_of_memory:
    "The browser has too little memory left to protect your password. Close other tabs and try again.",
};

const SLIPS: Record<RecoveryKeySlip, string> = {
  length: "A recovery key has 27 characters. Check that all of it is there.",
  character: "There is a character in it that no recovery key has. Compare it with what you kept.",
  check:
    "There is a slip in it: a character is wrong, or two are swapped. Compare it with what you kept.",
};

export const slipSentence = (slip: RecoveryKeySlip) => SLIPS[slip];

function waitSentence(seconds: number | null): string {
  if (seconds === null || seconds <= 0) return "Wait a moment and try again.";
  if (seconds < 90) return `Try again in ${plural(Math.ceil(seconds), "second")}.`;
  return `Try again in ${plural(Math.ceil(seconds / 60), "minute")}.`;
}

export function failureSentence(error: unknown): string {
  if (error instanceof VaultError) return FAULTS[error.code];
  if (error instanceof HasherError) {
    return (
      HASHING[error.code] ??
      `Your password could not be protected: ${error.message}. Reload the page.`
    );
  }
  if (!(error instanceof ApiError)) {
    return `Something broke off: ${textOf(error)}. Reload the page.`;
  }
  const { code, status, message, retryAfterSeconds } = error;
  if (code === "too_many_attempts" || status === 429) {
    return `There were too many attempts, so the server waits. ${waitSentence(retryAfterSeconds)}`;
  }
  if (code === "busy") return `The server has too much to do. ${waitSentence(retryAfterSeconds)}`;
  const field = code === "invalid_fields" ? error.fields[0]?.detail : undefined;
  if (field !== undefined) return field;
  const known = PROBLEMS[code];
  if (known !== undefined) return known;
  if (status === 401) return PROBLEMS["session_ended"] ?? "";
  return message === "" ? (PROBLEMS["bad_answer"] ?? "") : message;
}

export const SLIDES_NOT_KEPT =
  "An account keeps patches. Of a large image it keeps neither the file nor what was found: save the " +
  "map and the results as files.";

// --- Storage --------------------------------------------------------------------------------------

export function storageSentence(mode: StorageMode, keep: User["keep"]): string {
  if (mode === "off") return "This server keeps no images.";
  const how =
    mode === "e2e"
      ? "End-to-end encrypted: only you can open what you keep, not even whoever runs this server."
      : "Encrypted by the server: whoever runs it holds the key and could open what you keep.";
  return keep === "never"
    ? `Storage is off. Turned on, it is: ${how.charAt(0).toLowerCase()}${how.slice(1)}`
    : how;
}

// In a few words, for where there is little room.
export function storageLabel(mode: StorageMode, keeps: "ask" | "always" | null): string {
  if (mode === "off" || keeps === null) return "Storage off";
  return mode === "e2e"
    ? "Storage: end-to-end encrypted"
    : "Storage: encrypted by the server's operator";
}

export function promiseSentence(mode: StorageMode, keeps: "ask" | "always" | null): string {
  if (mode === "off" || keeps === null) return "Read on this device. Nothing is sent.";
  const how =
    mode === "e2e"
      ? "encrypted so that only you can open it"
      : "for the server to encrypt and keep";
  return keeps === "always"
    ? `Read on this device. Then each image is sent, ${how}.`
    : `Read on this device. Only what you choose to keep is sent, ${how}.`;
}

export function keepingSentence(keeping: Keeping, signedIn: boolean): string {
  switch (keeping.step) {
    case "waiting":
      return signedIn ? "Waits to be kept." : "Waits to be kept until you have signed in again.";
    case "sealing":
      return "Being made ready to be kept.";
    case "sending":
      return `Being sent: ${byteCount(keeping.bytes)}.`;
    case "failed":
      return `Not kept. ${failureSentence(keeping.error)}`;
    case "kept":
      return keeping.sealed
        ? "Kept, end-to-end encrypted: only you can open it."
        : "Kept, encrypted by the server: whoever runs it could open it.";
  }
}

export function clock(at: number): string {
  return new Date(at).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
}

export function dateAndTime(at: number): string {
  return new Date(at).toLocaleString(undefined, { dateStyle: "medium", timeStyle: "short" });
}

const GIGABYTE = 1024 ** 3;

export function sizeText(bytes: number): string {
  return bytes < GIGABYTE ? byteCount(bytes) : `${Number((bytes / GIGABYTE).toFixed(1))} GB`;
}

export function roomSentence({ used_bytes: used, quota_bytes: quota }: User): string {
  return `${sizeText(used)} of ${sizeText(quota)} used`;
}

export function durationSentence(seconds: number): string {
  return seconds < 7_200
    ? plural(Math.round(seconds / 60), "minute")
    : plural(Math.round(seconds / 3600), "hour");
}

export function sessionEndedSentence(config: Config, waiting: number): string {
  const idle = durationSentence(config.session.idle_seconds);
  const held = "The images and answers on this page are still here";
  const wait = `; ${plural(waiting, "image waits", "images wait")} to be kept until you have signed in again`;
  return `You are no longer signed in: a session ends after ${idle} without use, or from elsewhere. ${held}${waiting === 0 ? "" : wait}.`;
}
