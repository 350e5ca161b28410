// Whether this site has a server with accounts, and if it has, the account's part of the page, which
// is fetched only when somebody wants it. On plain static hosting api/config is a file that says
// null, so that asking is no error there.
import type { AccountPart, PageParts } from "./account/main.ts";

const KEY = "insitu.account"; // somebody is signed in in this browser

type OwnParts = "base" | "files" | "own" | "config" | "remember";

function remembered(): boolean {
  try {
    return localStorage.getItem(KEY) !== null;
  } catch {
    return false;
  }
}

function remember(signedIn: boolean): void {
  try {
    if (signedIn) localStorage.setItem(KEY, "1");
    else localStorage.removeItem(KEY);
  } catch {
    // The next visit then fetches the part when the button is pressed.
  }
}

async function serverConfig(base: string): Promise<PageParts["config"] | null> {
  try {
    const response = await fetch(new URL("api/config", base), { cache: "no-store" });
    const config = (await response.json()) as PageParts["config"] | null;
    return response.ok && typeof config?.storage === "string" ? config : null;
  } catch {
    return null; // no server, or no InSitu server
  }
}

function addStyle(href: string, integrity: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const link = document.createElement("link");
    link.rel = "stylesheet";
    link.integrity = integrity;
    link.href = href;
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", reject);
    document.head.append(link);
  });
}

export async function offerAccount(
  { script, style, ...files }: SiteCatalog["account"],
  base: string,
  parts: Omit<PageParts, OwnParts>,
  onLoaded: (part: AccountPart) => void,
): Promise<void> {
  const config = await serverConfig(base);
  if (config === null) return;
  const at = ({ file }: SiteFile) => new URL(file, base).href;
  const own = [script, style, files.module, files.worker].map(at);
  let loading: Promise<AccountPart> | null = null;
  const fetchPart = async () => {
    type Code = typeof import("./account/main.ts");
    const [{ start }] = (await Promise.all([import(at(script)), addStyle(at(style), style.integrity)])) as [
      Code,
      void,
    ];
    const part = await start({ ...parts, base, files, own, config, remember });
    onLoaded(part);
    return part;
  };
  const part = () => (loading ??= fetchPart());
  const failed = () => {
    loading = null;
    parts.tell(
      "The account's part of the page did not arrive. Check the connection and try again.",
    );
  };
  const { button } = parts.places;
  button.hidden = false;
  button.addEventListener("click", () => void part().then((loaded) => loaded.open(), failed));
  if (remembered()) await part().catch(failed);
}
