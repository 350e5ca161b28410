// Fetches what lies beside the page's script, checked against the hashes that the site was built
// with. Knows what it fetched, so that the page's count of requests can tell it from others.

export class SiteFiles {
  readonly #base: string;
  readonly #fetched = new Set<string>();

  // own: addresses that the browser fetched by itself for these pages.
  constructor(base: string, own: Iterable<string>) {
    this.#base = base;
    for (const address of own) this.#fetched.add(address);
  }

  at(file: string): string {
    return new URL(file, this.#base).href;
  }

  has(address: string): boolean {
    return this.#fetched.has(address);
  }

  async fetch({ file, integrity }: SiteFile): Promise<Response> {
    const address = this.at(file);
    this.#fetched.add(address);
    const response = await fetch(address, { integrity }).catch(() => null);
    if (response?.ok !== true)
      throw new Error(
        `${file} did not arrive whole and unchanged. Check the connection and try again.`,
      );
    return response;
  }

  async json(file: SiteFile): Promise<unknown> {
    return (await this.fetch(file)).json();
  }

  // Resolves when the style sheet applies.
  style({ file, integrity }: SiteFile): Promise<void> {
    const address = this.at(file);
    this.#fetched.add(address);
    return new Promise((resolve, reject) => {
      const link = document.createElement("link");
      Object.assign(link, { rel: "stylesheet", href: address, integrity });
      link.addEventListener("load", () => resolve());
      link.addEventListener("error", () => reject(new Error(`${file} did not arrive`)));
      document.head.append(link);
    });
  }
}
