// The recovery key: shown once, and asked for again before anything is kept.
import type { KeepSetting } from "../api-types.ts";
import { parseRecoveryKey, recoveryKeyText } from "../recovery-key.ts";
import { dateAndTime, slipSentence } from "../wording.ts";
import { actions, button, make, notice, paragraph } from "./build.ts";
import { userOf, type Context } from "./context.ts";
import { Field, form, hiddenUsername } from "./form.ts";
import type { View } from "./panel.ts";
import { storageView } from "./storage.ts";

const COPIED_MS = 2_000;

export const recoveryKeyField = () =>
  new Field({
    label: "Recovery key",
    name: "recovery-key",
    autocomplete: "off",
    help: "27 characters. Capitals, spaces and dashes do not matter.",
    check: (typed) => {
      const parsed = parseRecoveryKey(typed);
      return typeof parsed === "string" ? slipSentence(parsed) : null;
    },
  });

function sheet(username: string, key: string): string[] {
  return [
    "InSitu recovery key",
    `User name: ${username}`,
    `Server: ${location.host}`,
    `Made: ${dateAndTime(Date.now())}`,
    "",
    key,
    "",
    "With this key anybody can open what is kept under this name. Keep it where nobody finds it.",
  ];
}

// On paper nothing but the key.
function printKey(username: string, key: string): void {
  const lines = sheet(username, key).filter((line) => line !== "");
  const paper = make(
    "section",
    { class: "account-paper" },
    ...lines.map((line) => paragraph(line)),
  );
  document.body.append(paper);
  document.documentElement.classList.add("account-printing");
  print();
  document.documentElement.classList.remove("account-printing");
  paper.remove();
}

function copyButton(key: string): HTMLButtonElement {
  const copy = button("Copy", async () => {
    try {
      await navigator.clipboard.writeText(key);
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Not allowed here: select it";
    }
    setTimeout(() => (copy.textContent = "Copy"), COPIED_MS);
  });
  return copy;
}

// wanted: what the person chose to keep when they were asked for a recovery key.
export function recoveryKeyView(context: Context, wanted: KeepSetting | null = null): View {
  const { account, panel, saveFile } = context;
  const { username } = userOf(context);
  const bytes = account.shownRecoveryKey;
  if (bytes === null) return newRecoveryKeyView(context, wanted);
  const key = recoveryKeyText(bytes);
  const download = () => {
    const text = `${sheet(username, key).join("\n")}\n`;
    saveFile("insitu-recovery-key.txt", new Blob([text], { type: "text/plain" }));
  };
  return {
    title: "Your recovery key",
    content: [
      paragraph(
        "If you lose your password, this key is the only way back to what you keep. It is shown now and never again.",
      ),
      make(
        "p",
        { class: "account-key", role: "group", "aria-label": "Recovery key" },
        ...key
          .split("-")
          .flatMap((group, index) => [index === 0 ? null : "-", make("span", {}, group)]),
      ),
      actions(
        copyButton(key),
        button("Download", download),
        button("Print", () => printKey(username, key)),
      ),
      paragraph(
        "Write it down or print it, and keep it where you keep other important papers; not in the same place as your password.",
        "account-help",
      ),
      actions(
        button("I have it: go on", () => panel.show(confirmView(context, wanted)), "primary"),
        button("Later", () => panel.close(), "link"),
      ),
    ],
  };
}

function confirmView(context: Context, wanted: KeepSetting | null): View {
  const { account, panel, tell } = context;
  const key = recoveryKeyField();
  return {
    title: "Type it once more",
    back: () => recoveryKeyView(context, wanted),
    content: [
      form({
        fields: [key],
        content: [
          paragraph("Type or paste the key from where you keep it, so that you know it is right."),
          key.root,
        ],
        submit: "Check it",
        busy: "Checking…",
        act: async () => {
          const parsed = parseRecoveryKey(key.value);
          if (typeof parsed === "string") return;
          if (!(await account.confirmRecoveryKey(parsed, wanted ?? undefined))) {
            key.say("This is a recovery key, but not the one that was just shown.");
          } else if (wanted === null) {
            panel.show(storageView(context));
          } else {
            panel.close();
            tell(`Storage is on: ${wanted}.`);
          }
        },
      }),
    ],
  };
}

export function newRecoveryKeyView(context: Context, wanted: KeepSetting | null = null): View {
  const { account, panel, home } = context;
  const user = userOf(context);
  const password = new Field({
    label: "Password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
  });
  return {
    title: "A new recovery key",
    back: home,
    content: [
      form({
        fields: [password],
        content: [
          user.recovery_confirmed
            ? notice(paragraph("The recovery key you have now stops working.", "mb-0"))
            : paragraph(
                "Before anything is kept you need a recovery key: the way back if you lose your password. The one that was shown to you before, if you have not typed it again, stops working.",
              ),
          hiddenUsername(user.username),
          password.root,
        ],
        submit: "Make a recovery key",
        busy: "Making it…",
        act: async () => {
          await account.newRecoveryKey(password.value);
          panel.show(recoveryKeyView(context, wanted));
        },
      }),
    ],
  };
}
