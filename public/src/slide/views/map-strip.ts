// Under the image: the legend in numbers, opacity and threshold, and the tools.
import { make, button } from "../../figures/build.ts";
import { decimal } from "../../wording.ts";
import type { Tool } from "./drawing.ts";
import { drawLegendBar, type Band } from "./legend-bar.ts";

export interface MapStripOptions {
  zoom: (steps: number) => void;
  home: () => void;
  tool: (tool: Tool) => void;
  regionOfView: () => void;
  toggleMap: () => void;
  setOpacity: (opacity: number) => void;
  setThreshold: (threshold: number) => void;
}

const LEGEND_WIDTH = 200; // px of the canvas, a colour each
const LEGEND_HEIGHT = 12;

export class MapStrip {
  readonly element: HTMLElement;
  readonly #legend = make("canvas", { class: "slide-legend-bar", "aria-hidden": "true" });
  readonly #threshold = make("input", { type: "range", min: 0, max: 1, step: 0.005 });
  readonly #thresholdText = make("output", {});
  readonly #opacity = make("input", { type: "range", min: 0, max: 1, step: 0.05 });
  readonly #tools = new Map<Tool, HTMLButtonElement>();
  readonly #map: HTMLButtonElement;
  readonly #refused = make("span", { class: "slide-legend-refused" }, make("i", {}), "refused");
  readonly #uncertain = make(
    "span",
    { class: "slide-legend-uncertain" },
    make("i", {}),
    "uncertain",
  );
  #drawn: Band | undefined; // on the legend

  constructor(options: MapStripOptions) {
    this.#drawLegend(null);
    this.#threshold.setAttribute("aria-label", "Threshold");
    this.#threshold.className = "slide-threshold";
    this.#threshold.addEventListener("input", () =>
      options.setThreshold(this.#threshold.valueAsNumber),
    );
    this.#opacity.setAttribute("aria-label", "Opacity of the map");
    this.#opacity.className = "form-range";
    this.#opacity.addEventListener("input", () => options.setOpacity(this.#opacity.valueAsNumber));
    this.#map = button("Map", () => options.toggleMap());
    this.element = make(
      "div",
      { class: "slide-strip" },
      this.#makeTools(options),
      make(
        "div",
        { class: "slide-map-controls" },
        this.#makeLegend(),
        make("label", { class: "small" }, "Opacity", this.#opacity),
      ),
    );
    // Arrow keys are the slider's.
    this.element.addEventListener("keydown", (event) => {
      if (event.target instanceof HTMLInputElement) event.stopPropagation();
    });
  }

  #makeTools(options: MapStripOptions): HTMLElement {
    const tool = (name: Tool, text: string) => {
      const made = button(text, () => options.tool(name));
      this.#tools.set(name, made);
      return made;
    };
    const named = (text: string, label: string, act: () => void) => {
      const made = button(text, act);
      made.setAttribute("aria-label", label);
      return made;
    };
    return make(
      "div",
      { class: "slide-tools", role: "toolbar", "aria-label": "Image tools" },
      named("+", "Zoom in", () => options.zoom(1)),
      named("−", "Zoom out", () => options.zoom(-1)),
      named("Fit", "Fit: show all of it", () => options.home()),
      this.#map,
      tool("region", "Region"),
      named("Limit to view", "Limit to view: judge only what is in view", () =>
        options.regionOfView(),
      ),
      tool("ruler", "Ruler"),
    );
  }

  #makeLegend(): HTMLElement {
    const numbers = ["0", ".25", ".5", ".75", "1"].map((at) => make("span", {}, at));
    return make(
      "div",
      { class: "slide-legend" },
      make(
        "div",
        { class: "slide-legend-scale" },
        make("div", { class: "small" }, "Probability", this.#thresholdText),
        make("div", { class: "slide-legend-track" }, this.#legend, this.#threshold),
        make("div", { class: "slide-legend-numbers" }, ...numbers),
      ),
      make("div", { class: "slide-legend-keys" }, this.#refused, this.#uncertain),
    );
  }

  update(options: {
    hasMap: boolean;
    isFilm: boolean; // of which nothing is hatched
    mapShown: boolean;
    opacity: number;
    threshold: number;
    uncertain: Band; // where the model gives no answer
    tool: Tool | null;
  }): void {
    const { hasMap, mapShown, opacity, threshold, uncertain, tool } = options;
    this.#drawLegend(uncertain);
    this.#refused.hidden = options.isFilm;
    for (const control of [this.#threshold, this.#opacity, this.#map]) control.disabled = !hasMap;
    this.#map.setAttribute("aria-pressed", String(mapShown));
    this.#map.classList.toggle("active", mapShown && hasMap);
    if (document.activeElement !== this.#threshold) this.#threshold.value = String(threshold);
    this.#thresholdText.textContent = hasMap ? `, threshold ${decimal(threshold, 3)}` : "";
    this.#threshold.setAttribute("aria-valuetext", decimal(threshold, 3));
    this.#opacity.value = String(opacity);
    for (const [name, control] of this.#tools) {
      control.setAttribute("aria-pressed", String(name === tool));
      control.classList.toggle("active", name === tool);
    }
  }

  #drawLegend(band: Band): void {
    this.#uncertain.hidden = band === null;
    const { low, high } = this.#drawn ?? {};
    if (this.#drawn !== undefined && low === band?.low && high === band?.high) return;
    this.#drawn = band;
    Object.assign(this.#legend, { width: LEGEND_WIDTH, height: LEGEND_HEIGHT });
    const context = this.#legend.getContext("2d");
    if (context === null) return;
    drawLegendBar(context, { x: 0, y: 0, width: LEGEND_WIDTH, height: LEGEND_HEIGHT }, band);
  }
}
