// What public/build.mjs compiles into the page: the names of the built files beside it, and the
// hashes that they must have.
interface SiteFile {
  file: string;
  integrity: string; // as in <script integrity>
}

interface SiteCatalog {
  worker: SiteFile;
  engines: Record<"simd" | "relaxed", SiteFile>;
  account: string; // the account's script, fetched when asked for
  models: { file: string; bytes: number; sha256: string }[]; // the first one is used
}

declare const SITE_CATALOG: SiteCatalog;

// The same for the account's script.
interface AccountCatalog {
  style: SiteFile;
  hasher: { module: SiteFile; worker: SiteFile };
}

declare const ACCOUNT_CATALOG: AccountCatalog;
