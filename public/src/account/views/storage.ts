// Whether images are kept, and how that is protected.
import type { KeepSetting } from "../api-types.ts";
import { roomSentence, storageSentence } from "../wording.ts";
import { actions, button, make, notice, paragraph } from "./build.ts";
import { userOf, type Context } from "./context.ts";
import { form } from "./form.ts";
import type { View } from "./panel.ts";
import { newRecoveryKeyView, recoveryKeyView } from "./recovery-key.ts";

const CHOICES: [KeepSetting, string, string][] = [
  ["never", "Never", "Storage is off. Images are only read, as without an account."],
  ["ask", "Ask", "A button beside each answer keeps that image and its result."],
  ["always", "Always", "Every image that is read from now on is kept with its result."],
];

function choice(chosen: KeepSetting, [value, label, what]: (typeof CHOICES)[number]): HTMLElement {
  const id = `keep-${value}`;
  const attributes = { type: "radio", name: "keep", id, value, class: "account-radio" };
  const input = make("input", {
    ...attributes,
    checked: value === chosen,
    "aria-describedby": `${id}-what`,
  });
  return make(
    "div",
    { class: "account-choice" },
    input,
    make("label", { for: id }, label),
    make("p", { id: `${id}-what`, class: "account-help" }, what),
  );
}

export function storageView(context: Context): View {
  const { account, panel, home, tell } = context;
  const user = userOf(context);
  const { storage } = account.config;
  if (storage === "off") {
    return { title: "Storage", back: home, content: [paragraph(storageSentence("off", "never"))] };
  }
  const needsKey = storage === "e2e" && !user.recovery_confirmed;
  const legend = make("legend", {}, "Keep images and their results");
  const options = CHOICES.map((one) => choice(user.keep, one));
  const fieldset = make("fieldset", {}, legend, ...options);
  const made = form({
    fields: [],
    content: [
      paragraph(storageSentence(storage, user.keep)),
      needsKey
        ? notice(
            paragraph(
              "Before anything is kept you need a recovery key, and to type it once more.",
              "mb-0",
            ),
          )
        : null,
      fieldset,
    ],
    submit: "Save",
    busy: "Saving…",
    act: async () => {
      const keep = new FormData(made).get("keep") as KeepSetting;
      if (keep !== "never" && needsKey) {
        panel.show(recoveryKeyView(context, keep)); // which comes back to it
        return;
      }
      await account.setKeep(keep);
      panel.close();
      tell(keep === "never" ? "Storage is off." : `Storage is on: ${keep}.`);
    },
  });
  const room = make(
    "section",
    { class: "account-section" },
    make("h3", {}, "Room"),
    make("meter", {
      class: "account-meter",
      min: "0",
      max: String(Math.max(1, user.quota_bytes)),
      value: String(user.used_bytes),
      "aria-label": "Room used",
    }),
    paragraph(roomSentence(user), "mb-0"),
  );
  const newKey = make(
    "section",
    { class: "account-section" },
    make("h3", {}, "Recovery key"),
    paragraph("You have one. If it was lost or seen by somebody, make a new one.", "account-help"),
    actions(button("New recovery key", () => panel.show(newRecoveryKeyView(context)))),
  );
  return {
    title: "Storage",
    back: home,
    content: [made, room, storage === "e2e" && user.recovery_confirmed ? newKey : null],
  };
}
