// What crosses between the page and the server (backend/openapi.json says it in full). Bytes are
// base64url without padding, times are milliseconds since 1970.

export type StorageMode = "off" | "e2e" | "server";
export type Scheme = "e2e" | "password";
export type KeepSetting = "ask" | "always" | "never";

export interface Kdf {
  algorithm: "argon2id";
  memory_kib: number;
  passes: number;
  lanes: number;
}

export interface Config {
  registration: "open" | "invitation" | "closed";
  storage: StorageMode;
  scheme: Scheme;
  kdf: Kdf;
  password: { min: number; min_with_second_factor: number; max_bytes: number };
  limits: { object_bytes: number; quota_bytes: number; json_bytes: number };
  session: { idle_seconds: number; absolute_seconds: number };
}

export interface RecoveryCredential {
  auth_key: string;
  wrapped_user_key: string;
}

export interface EncryptedCredential {
  auth_key: string;
  salt: string;
  kdf: Kdf;
  wrapped_user_key: string;
  recovery?: RecoveryCredential;
}

export type Proof = { auth_key: string } | { password: string };
export type Credential = EncryptedCredential | { password: string };

export interface Prelogin {
  scheme: Scheme;
  kdf: Kdf;
  salt: string;
}

export interface User {
  id: string;
  username: string;
  created_at: number;
  totp: boolean;
  recovery_codes_left: number;
  keep: KeepSetting;
  recovery_confirmed: boolean;
  used_bytes: number;
  quota_bytes: number;
  scheme: Scheme;
}

export interface SessionFacts {
  id: string;
  current: boolean;
  created_at: number;
  last_seen_at: number;
  idle_expires_at: number;
  expires_at: number;
  address: string;
  browser: string;
}

export interface SignedIn {
  user: User;
  session: SessionFacts;
  wrapped_user_key: string | null;
  user_key_version: number;
}

export type CurrentSession =
  | SignedIn
  | { user: null; session: null; wrapped_user_key?: null; user_key_version?: number | null };

export interface SecondFactorWanted {
  second_factor: ("totp" | "recovery_code")[];
  ticket: string;
}

export type LoginReply = SignedIn | SecondFactorWanted;

export interface RecoveryOpened {
  ticket: string;
  wrapped_user_key: string;
  user_key_version: number;
}

export interface TotpSecret {
  secret: string; // base 32
  uri: string; // otpauth://
}

export interface KeptObject {
  id: string;
  created_at: number;
  updated_at: number;
  body_bytes: number;
  wrapped_key: string | null;
  record: string;
  record_version: number;
}

export interface ObjectPage {
  items: KeptObject[];
  next: string | null;
}

export interface ObjectFacts {
  wrapped_key: string | null;
  record: string;
  record_version: number;
}

export interface Exported {
  user: User;
  sessions: SessionFacts[];
  events: unknown[];
  objects: KeptObject[];
}

// RFC 9457.
export interface Problem {
  code: string;
  status: number;
  detail?: string;
  errors?: { pointer: string; code: string; detail?: string }[];
}
