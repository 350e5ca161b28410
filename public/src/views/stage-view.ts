// The image, as large as there is room, with an outline around what the model saw.
import type { Preview, Reading } from "../messages.ts";
import type { ImageEntry } from "../session.ts";
import { decimal, seesWholeImage } from "../wording.ts";
import { byId, drawPreview, part, showFileName } from "./parts.ts";

const MAX_ENLARGEMENT = 16; // beyond it a patch is only blocks
const CRISP_ENLARGEMENT = 2; // from here on a pixel is shown as the square it is
const MIN_REPORTED_ENLARGEMENT = 1.05;

export class StageView {
  readonly element = byId("stage", HTMLElement);
  readonly #room = part(this.element, "room");
  readonly #box = part(this.element, "box");
  readonly #picture = part(this.element, "picture", HTMLImageElement);
  readonly #canvas = part(this.element, "canvas", HTMLCanvasElement);
  readonly #region = part(this.element, "region");
  readonly #message = part(this.element, "message");
  readonly #name = part(this.element, "name");
  readonly #size = part(this.element, "size");
  readonly #preview: (entry: ImageEntry) => Promise<Preview | null>;
  #shown: ImageEntry | null = null;
  #url: string | null = null;

  // preview: what the engine makes of an image that the browser cannot show.
  constructor(preview: (entry: ImageEntry) => Promise<Preview | null>) {
    this.#preview = preview;
    this.#picture.addEventListener("error", () => void this.#drawPreview());
    new ResizeObserver(() => this.#fit()).observe(this.#room);
  }

  update(entry: ImageEntry | null): void {
    const shown = entry?.reading == null ? null : entry;
    if (shown !== this.#shown) this.#show(shown);
    this.#message.hidden = entry === null || shown !== null;
    // An image that the engine refused is not handed to the browser's decoder either.
    this.#message.textContent = entry?.state === "failed" ? "No image to show." : "";
    showFileName(this.#name, entry?.name ?? "");
    if (shown === null) this.#size.textContent = "";
  }

  #show(entry: ImageEntry | null): void {
    this.#shown = entry;
    if (this.#url !== null) URL.revokeObjectURL(this.#url);
    this.#url = entry === null ? null : URL.createObjectURL(entry.file);
    this.#box.hidden = entry === null;
    this.#canvas.hidden = true;
    this.#picture.hidden = this.#url === null;
    this.#picture.alt = entry === null ? "" : `The image ${entry.name}`;
    if (this.#url === null) this.#picture.removeAttribute("src");
    else this.#picture.src = this.#url;
    if (entry?.reading != null) this.#outline(entry.reading);
    this.#fit();
  }

  async #drawPreview(): Promise<void> {
    const entry = this.#shown;
    if (entry === null || !this.#picture.hasAttribute("src")) return;
    const preview = await this.#preview(entry);
    if (entry !== this.#shown || preview === null) return;
    this.#picture.hidden = true;
    this.#canvas.hidden = false;
    this.#canvas.setAttribute("role", "img");
    this.#canvas.setAttribute("aria-label", `The image ${entry.name}`);
    drawPreview(this.#canvas, preview);
  }

  #outline(reading: Reading): void {
    const { region, imageWidth, imageHeight } = reading;
    this.#region.hidden = seesWholeImage(reading);
    const percent = (value: number) => `${(100 * value).toFixed(3)}%`;
    const { style } = this.#region;
    style.left = percent(region.left / imageWidth);
    style.top = percent(region.top / imageHeight);
    style.width = percent(region.width / imageWidth);
    style.height = percent(region.height / imageHeight);
  }

  // The box has the shape of the image, so that the outline lies where it belongs.
  #fit(): void {
    const entry = this.#shown;
    if (entry?.reading == null) return;
    const { imageWidth, imageHeight } = entry.reading;
    const { clientWidth, clientHeight } = this.#room;
    const fits = Math.min(clientWidth / imageWidth, clientHeight / imageHeight);
    const isCrisp = fits >= CRISP_ENLARGEMENT;
    // Whole numbers, so that all pixels are of one size.
    const scale = isCrisp ? Math.min(Math.floor(fits), MAX_ENLARGEMENT) : fits;
    this.#box.classList.toggle("crisp", isCrisp);
    this.#box.style.setProperty("--ratio", String(imageWidth / imageHeight)); // for paper
    this.#box.style.width = `${imageWidth * scale}px`;
    this.#box.style.height = `${imageHeight * scale}px`;
    const enlarged =
      scale >= MIN_REPORTED_ENLARGEMENT ? `, shown ${decimal(scale, 1)}× as large` : "";
    this.#size.textContent = `${imageWidth}×${imageHeight} px${enlarged}`;
  }
}
