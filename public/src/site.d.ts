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
  slide: string; // the script of what reads images larger than a patch, fetched for the first one
  figures: { script: string; reports: ReportFiles[] }; // of the pages about the models' figures
  models: SiteModel[]; // the first one of a kind is used until another is chosen
}

// What lies beside a model that was evaluated.
interface ReportFiles {
  model: string; // SHA-256 of the model that it is of
  report: SiteFile;
  card: SiteFile | null;
  facts: SiteFile | null; // what others published
  section: SiteFile | null; // of the scan of a whole section
}

declare const SITE_CATALOG: SiteCatalog;

// The same for the account's script.
interface AccountCatalog {
  style: SiteFile;
  hasher: { module: SiteFile; worker: SiteFile };
}

declare const ACCOUNT_CATALOG: AccountCatalog;

// The same for the script of the pages about figures.
interface FiguresCatalog {
  style: SiteFile;
  module: SiteFile;
  worker: SiteFile;
  gate: SiteFile | null; // the gate's report
}

declare const FIGURES_CATALOG: FiguresCatalog;

// The same for the script that reads images larger than a patch.
interface SlideCatalog {
  style: SiteFile;
  worker: SiteFile;
  codecs: SiteFile;
  scan: Record<"simd" | "relaxed", SiteFile>;
}

declare const SLIDE_CATALOG: SlideCatalog;
