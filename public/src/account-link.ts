// Whether this site has a server with accounts, and if it has, the account's part of the page, which
// is fetched only when somebody wants it. On plain static hosting api/config is a file that says
// null, so that asking is no error there.
import type { AccountPart, PageParts } from "./account/main.ts";

// In localStorage while somebody is signed in in this browser; account/main.ts writes it.
export const SIGNED_IN_KEY = "insitu.account";

function wasSignedIn(): boolean {
  try {
    return localStorage.getItem(SIGNED_IN_KEY) !== null;
  } catch {
    return false; // the part is then fetched when the button is pressed
  }
}

// script: the account's part. base: where all files of the page lie.
export async function offerAccount(
  script: string,
  base: string,
  given: Omit<PageParts, "base" | "config">,
  onLoaded: (part: AccountPart) => void,
): Promise<void> {
  const config = (await fetch(new URL("api/config", base))
    .then((response) => (response.ok ? response.json() : null))
    .catch(() => null)) as PageParts["config"] | null;
  if (config?.storage === undefined) return; // no InSitu server
  let loading: Promise<AccountPart> | null = null;
  const load = async () => {
    type Code = typeof import("./account/main.ts");
    const { start } = (await import(new URL(script, base).href)) as Code;
    const part = await start({ ...given, base, config });
    onLoaded(part);
    return part;
  };
  const part = () => (loading ??= load());
  const failed = (error: unknown) => {
    loading = null;
    given.tell(`The account did not load: ${String(error)}. Check the connection and try again.`);
  };
  const { button } = given.places;
  button.hidden = false;
  button.addEventListener("click", () => void part().then((loaded) => loaded.open(), failed));
  if (wasSignedIn()) await part().catch(failed);
}
