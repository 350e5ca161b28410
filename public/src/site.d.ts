// What public/build.mjs compiles into the page: the names of the built files beside it, and the
// hashes that they must have.
interface SiteFile {
  file: string;
  integrity: string; // as in <script integrity>
}

interface SiteModel {
  id: string;
  kind: string; // "histology", "mammogram"
  file: string;
  bytes: number;
  sha256: string;
}

interface SiteCatalog {
  worker: SiteFile;
  engines: Record<"simd" | "relaxed", SiteFile>;
  account: string; // the account's script, fetched when asked for
  models: SiteModel[]; // the first one of a kind is used until another is chosen
}

declare const SITE_CATALOG: SiteCatalog;

// The same for the account's script.
interface AccountCatalog {
  style: SiteFile;
  hasher: { module: SiteFile; worker: SiteFile };
}

declare const ACCOUNT_CATALOG: AccountCatalog;
