// What was kept: a list with thumbnails, searched by words, date and answer.
import { resultsCsv } from "../../exports.ts";
import { Judge } from "../../judgement.ts";
import { NOTICE, plural, positiveLabel, probabilityText, verdict } from "../../wording.ts";
import { fromBase64 } from "../bytes.ts";
import { entryOf, EVERYTHING, searched, type KeptItem, type Search } from "../history.ts";
import { judgementOf, MAX_NOTE, recordJson } from "../record.ts";
import { dateAndTime, failureSentence } from "../wording.ts";
import { actions, button, make, notice, paragraph } from "./build.ts";
import { userOf, type Context } from "./context.ts";
import { Field, form } from "./form.ts";
import type { View } from "./panel.ts";

const ROWS = 50; // shown at once
const DAY_MS = 86_400_000;

function thumbnail({ record }: KeptItem): HTMLElement {
  if (record?.thumbnail == null) return make("div", { class: "account-thumbnail" });
  const bytes = fromBase64(record.thumbnail);
  const url = URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
  const image = make("img", { class: "account-thumbnail", alt: "", src: url });
  const release = () => URL.revokeObjectURL(url);
  image.addEventListener("load", release, { once: true });
  image.addEventListener("error", release, { once: true });
  return image;
}

function words(item: KeptItem): HTMLElement {
  const { record, object } = item;
  const at = dateAndTime(object.created_at);
  if (record === null) {
    return make(
      "div",
      { class: "account-words" },
      make("div", {}, "Cannot be opened"),
      paragraph(
        `Kept ${at}. It was changed or damaged on the server, or belongs to another key.`,
        "account-help",
      ),
    );
  }
  const { model, name, note } = record;
  const judgement = judgementOf(record);
  const probability = probabilityText(judgement.probability);
  return make(
    "div",
    { class: "account-words" },
    make("div", { class: "account-name" }, name),
    make(
      "div",
      { class: "account-verdict", "data-answer": judgement.answer },
      `${verdict(judgement)}, ${positiveLabel(model)} ${probability}`,
    ),
    paragraph(`Kept ${at}, read by ${model.id} ${model.version}`, "account-help"),
    note === "" ? null : paragraph(note, "account-note"),
  );
}

function row(context: Context, item: KeptItem, say: (text: string) => void): HTMLElement {
  const { panel, openKept } = context;
  const name = item.record?.name ?? "what cannot be opened";
  const named = (made: HTMLButtonElement, what: string) => {
    made.setAttribute("aria-label", `${what} ${name}`);
    return made;
  };
  const open = button("Open", async () => {
    open.disabled = true;
    try {
      await openKept(item);
      panel.close();
    } catch (error) {
      say(`${name}: ${failureSentence(error)}`);
      open.disabled = false;
    }
  });
  const note = button("Note", () =>
    panel.show(noteView(context, item, () => historyView(context))),
  );
  const remove = button("Delete", () => panel.show(removeView(context, item)));
  const known = item.record !== null;
  return make(
    "li",
    { class: "account-row account-kept" },
    thumbnail(item),
    words(item),
    actions(
      known ? named(open, "Open") : null,
      known ? named(note, "Note on") : null,
      named(remove, "Delete"),
    ),
  );
}

// The start of that day here; NaN where none was chosen.
const startOf = (day: string) => (day === "" ? Number.NaN : new Date(`${day}T00:00`).getTime());

interface SearchForm {
  root: HTMLElement;
  search: () => Search;
}

function searchForm(onChange: () => void): SearchForm {
  const text = new Field({ label: "Search", name: "search", type: "search", autocomplete: "off" });
  const from = new Field({ label: "From", name: "from", type: "date", autocomplete: "off" });
  const to = new Field({ label: "To", name: "to", type: "date", autocomplete: "off" });
  const answer = make(
    "select",
    { id: "kept-answer", class: "form-control" },
    make("option", { value: "any" }, "Any answer"),
    make("option", { value: "positive" }, "Positive"),
    make("option", { value: "negative" }, "Negative"),
    make("option", { value: "uncertain" }, "Uncertain"),
  );
  const chosen = make(
    "div",
    { class: "account-field" },
    make("label", { for: "kept-answer" }, "Answer"),
    answer,
  );
  const root = make(
    "div",
    { class: "account-search", role: "search" },
    text.root,
    chosen,
    from.root,
    to.root,
  );
  root.addEventListener("input", onChange);
  const search = (): Search => {
    const first = startOf(from.value);
    const last = startOf(to.value);
    return {
      text: text.value.trim(),
      answer: answer.value as Search["answer"],
      from: Number.isNaN(first) ? EVERYTHING.from : first,
      to: Number.isNaN(last) ? EVERYTHING.to : last + DAY_MS,
    };
  };
  return { root, search };
}

function exportButtons({ saveFile }: Context, found: () => KeptItem[]): HTMLElement {
  const csv = button("Save CSV", () => {
    const entries = found()
      .map(entryOf)
      .filter((entry) => entry !== null);
    const csv = resultsCsv(new Judge(), entries); // each at the point it was kept with
    if (csv !== "") saveFile("insitu-kept.csv", new Blob([csv], { type: "text/csv" }));
  });
  const json = button("Save JSON", () => {
    const images = found().flatMap(({ record }) => (record === null ? [] : [recordJson(record)]));
    const text = `${JSON.stringify({ notice: NOTICE, images }, null, 2)}\n`;
    saveFile("insitu-kept.json", new Blob([text], { type: "application/json" }));
  });
  return actions(csv, json);
}

export function historyView(context: Context): View {
  const { history, home, panel } = context;
  const state = make("p", { role: "status" }, "Loading…");
  const problem = make("p", { role: "alert", class: "account-error", hidden: true });
  const list = make("ul", { class: "account-rows" });
  const more = button("Show more", () => {
    shown += ROWS;
    draw();
  });
  let shown = ROWS;
  let loading = true;
  const say = (text: string) => {
    problem.textContent = text;
    problem.hidden = false;
  };
  const form = searchForm(() => {
    shown = ROWS;
    draw();
  });
  const found = () => searched(history.items, form.search());
  const draw = () => {
    const items = found();
    list.replaceChildren(...items.slice(0, shown).map((item) => row(context, item, say)));
    more.hidden = items.length <= shown;
    const all = history.items.length;
    const some =
      items.length === all ? plural(all, "image") : `${items.length} of ${plural(all, "image")}`;
    if (loading) state.textContent = `Loading… ${some}`;
    else state.textContent = all === 0 ? "Nothing is kept yet." : some;
  };
  const load = async () => {
    draw();
    try {
      await history.load();
    } catch (error) {
      say(failureSentence(error));
    }
    loading = false;
    if (panel.isOpen && list.isConnected) draw();
  };
  void load();
  const content = [form.root, problem, state, list, actions(more), exportButtons(context, found)];
  return { title: "Kept images", wide: true, back: home, content };
}

export function noteView(context: Context, item: KeptItem, back: (() => View) | null): View {
  const { history, panel, tell } = context;
  const { id } = item.object;
  const text = make("textarea", {
    id: "kept-note",
    class: "form-control",
    rows: "6",
    maxlength: String(MAX_NOTE),
  });
  text.value = item.record?.note ?? "";
  return {
    title: `Note on ${item.record?.name ?? ""}`,
    ...(back === null ? {} : { back }),
    content: [
      form({
        fields: [],
        content: [
          make(
            "div",
            { class: "account-field" },
            make("label", { for: "kept-note" }, "Note"),
            text,
            paragraph(
              userOf(context).scheme === "e2e"
                ? "Encrypted like the image. You find images by words of their notes."
                : "Kept with the image. You find images by words of their notes.",
              "account-help",
            ),
          ),
        ],
        submit: "Save the note",
        busy: "Saving…",
        act: async () => {
          await history.note(id, text.value.trim());
          if (back === null) panel.close();
          else panel.show(back());
          tell("The note was saved.");
        },
      }),
    ],
  };
}

function removeView(context: Context, item: KeptItem): View {
  const { history, panel, keeper, account } = context;
  const back = () => historyView(context);
  return {
    title: "Delete what was kept",
    back,
    content: [
      form({
        fields: [],
        content: [
          notice(
            paragraph(
              `${item.record?.name ?? "This"}, its result and its note are deleted from the server. Nobody can bring them back.`,
              "mb-0",
            ),
          ),
        ],
        submit: "Delete",
        busy: "Deleting…",
        danger: true,
        more: [button("Keep it", () => panel.show(back()), "link")],
        act: async () => {
          await history.remove(item.object.id);
          keeper.forgetKept(item.object.id);
          await account.refresh();
          panel.show(back());
        },
      }),
    ],
  };
}
