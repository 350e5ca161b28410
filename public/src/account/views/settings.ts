// The account's start page, and from there: password, where one is signed in, data, deletion.
import { plural } from "../../wording.ts";
import type { SessionFacts } from "../api-types.ts";
import { everything } from "../everything.ts";
import { dateAndTime, failureSentence, sizeText, storageSentence } from "../wording.ts";
import { actions, button, make, notice, paragraph } from "./build.ts";
import { userOf, type Context } from "./context.ts";
import { newPassword } from "./entrance.ts";
import { Field, form, hiddenUsername } from "./form.ts";
import { historyView } from "./history-view.ts";
import type { View } from "./panel.ts";
import { secondStepSettingsView } from "./second-step.ts";
import { storageView } from "./storage.ts";

export const passwordField = (label = "Password") =>
  new Field({
    label,
    name: "password",
    type: "password",
    autocomplete: "current-password",
    check: (typed) => (typed === "" ? "Type your password." : null),
  });

export function homeView(context: Context): View {
  const { account, panel } = context;
  const user = userOf(context);
  const { storage } = account.config;
  if (account.state === "locked") return unlockView(context);
  const entry = (label: string, what: string, view: () => View) => {
    const go = make(
      "button",
      { type: "button", class: "account-entry" },
      make("span", {}, label),
      make("span", { class: "account-help" }, what),
    );
    go.addEventListener("click", () => panel.show(view()));
    return make("li", {}, go);
  };
  const setting = { never: "off", ask: "on, asks each time", always: "on, keeps everything" };
  const unconfirmed = storage === "e2e" && user.keep !== "never" && !user.recovery_confirmed;
  const state = unconfirmed ? "waits for the recovery key" : setting[user.keep];
  return {
    title: user.username,
    content: [
      paragraph(storageSentence(storage, user.keep)),
      make(
        "ul",
        { class: "account-entries" },
        ...(storage === "off"
          ? []
          : [
              entry("Kept images", sizeText(user.used_bytes), () => historyView(context)),
              entry("Storage", state, () => storageView(context)),
            ]),
        entry("Password", "", () => passwordView(context)),
        entry("Second step", user.totp ? "on" : "off", () => secondStepSettingsView(context)),
        entry("Where you are signed in", "", () => sessionsView(context)),
        entry("Your data", "download, delete", () => dataView(context)),
      ),
      actions(button("Sign out", () => signOut(context))),
    ],
  };
}

// In a browser that has lost the key.
function unlockView(context: Context): View {
  const { account, panel, tell, keeper } = context;
  const password = passwordField();
  return {
    title: userOf(context).username,
    content: [
      form({
        fields: [password],
        content: [
          paragraph(
            "You are signed in, but this browser no longer holds the key to what you keep. Your password brings it back.",
          ),
          hiddenUsername(userOf(context).username),
          password.root,
        ],
        submit: "Unlock",
        busy: "Unlocking…",
        more: [button("Sign out", () => signOut(context), "link")],
        act: async () => {
          await account.unlock(password.value);
          panel.close();
          tell("Unlocked.");
          keeper.resume();
        },
      }),
    ],
  };
}

async function signOut(context: Context): Promise<void> {
  const { account, keeper, panel, tell } = context;
  const { pending } = keeper;
  if (pending > 0) {
    panel.show({
      title: "Sign out",
      back: () => homeView(context),
      content: [
        paragraph(
          `${plural(pending, "image is", "images are")} not kept yet and will not be if you sign out now.`,
        ),
        actions(
          button("Stay signed in", () => panel.close(), "primary"),
          button("Sign out", () => leave(context)),
        ),
      ],
    });
    return;
  }
  await leave(context);
  if (account.user === null)
    tell("Signed out. The key to what you keep was removed from this browser.");
}

async function leave({ account, panel, tell }: Context): Promise<void> {
  try {
    await account.signOut();
    panel.close();
  } catch (error) {
    tell(`Not signed out. ${failureSentence(error)}`);
    panel.close();
  }
}

function passwordView(context: Context): View {
  const { account, panel, tell } = context;
  const user = userOf(context);
  const current = passwordField("Password now");
  const { first, again } = newPassword(context, () => user.username);
  return {
    title: "Password",
    back: () => homeView(context),
    content: [
      form({
        fields: [current, first, again],
        content: [
          hiddenUsername(user.username),
          current.root,
          first.root,
          again.root,
          paragraph(
            "Everywhere else you are signed out by this. What you keep stays.",
            "account-help",
          ),
        ],
        submit: "Change the password",
        busy: "Changing it…",
        act: async () => {
          await account.changePassword(current.value, first.value);
          panel.close();
          tell("The password was changed. Other sessions were ended.");
        },
      }),
    ],
  };
}

function sessionRow(context: Context, session: SessionFacts, ended: () => void): HTMLElement {
  const end = button("End", async () => {
    end.disabled = true;
    try {
      await context.api.endSession(session.id);
      ended();
    } catch (error) {
      end.disabled = false;
      context.tell(failureSentence(error));
    }
  });
  end.setAttribute("aria-label", `End the session of ${session.browser}, ${session.address}`);
  return make(
    "li",
    { class: "account-row" },
    make(
      "div",
      {},
      make("div", {}, session.browser === "" ? "A browser" : session.browser),
      paragraph(
        `${session.address}, last used ${dateAndTime(session.last_seen_at)}, since ${dateAndTime(session.created_at)}`,
        "account-help",
      ),
    ),
    session.current ? make("span", { class: "account-here" }, "This one") : end,
  );
}

function sessionsView(context: Context): View {
  const { api } = context;
  const list = make("ul", { class: "account-rows" });
  const state = make("p", { role: "status" }, "Loading…");
  const others = button("End all others", async () => {
    try {
      await api.endOtherSessions();
      await load();
    } catch (error) {
      state.textContent = failureSentence(error);
    }
  });
  others.hidden = true;
  const load = async () => {
    try {
      const sessions = await api.sessions();
      sessions.sort(
        (a, b) => Number(b.current) - Number(a.current) || b.last_seen_at - a.last_seen_at,
      );
      list.replaceChildren(...sessions.map((one) => sessionRow(context, one, () => void load())));
      state.textContent = sessions.length === 1 ? "You are signed in here only." : "";
      others.hidden = sessions.length < 2;
    } catch (error) {
      state.textContent = failureSentence(error);
    }
  };
  void load();
  return {
    title: "Where you are signed in",
    back: () => homeView(context),
    content: [
      paragraph(
        "If you do not know one of these, end it and change your password.",
        "account-help",
      ),
      state,
      list,
      actions(others),
    ],
  };
}

// --- Data -----------------------------------------------------------------------------------------

async function downloadAll(context: Context, say: (text: string) => void, signal: AbortSignal) {
  const { api, history, saveFile } = context;
  say("The list of what you keep is being loaded.");
  const exported = await api.exportAll();
  await history.load();
  const { items } = history;
  const { zip, unopened } = await everything({
    exported,
    items,
    open: (item) => history.open(item),
    onProgress: (done) => say(`${done} of ${plural(items.length, "image")} opened.`),
    signal,
  });
  saveFile(`insitu-${new Date().toISOString().slice(0, 10)}.zip`, zip);
  const bad =
    unopened === 0
      ? ""
      : ` ${plural(unopened, "image")} could not be opened; results.json names them.`;
  say(`${plural(items.length - unopened, "image")} in ${sizeText(zip.size)}.${bad}`);
}

export function downloadPart(context: Context): HTMLElement {
  const state = make("p", { role: "status", class: "account-help" });
  let stop: AbortController | null = null;
  const go = button("Download everything", async () => {
    if (stop !== null) {
      stop.abort();
      return;
    }
    stop = new AbortController();
    go.textContent = "Cancel";
    try {
      await downloadAll(context, (text) => (state.textContent = text), stop.signal);
    } catch (error) {
      state.textContent = stop.signal.aborted ? "Cancelled." : failureSentence(error);
    } finally {
      stop = null;
      go.textContent = "Download everything";
    }
  });
  return make("div", {}, actions(go), state);
}

function dataView(context: Context): View {
  const { panel } = context;
  return {
    title: "Your data",
    back: () => homeView(context),
    content: [
      make(
        "section",
        { class: "account-section" },
        make("h3", {}, "Download everything"),
        paragraph(
          "One zip file, made in this browser: every image as it was, every result as CSV and JSON, and what the server knows of your account. It is not encrypted: keep it where images of cases may lie.",
          "account-help",
        ),
        downloadPart(context),
      ),
      make(
        "section",
        { class: "account-section" },
        make("h3", {}, "Delete the account"),
        paragraph("Everything you kept goes with it, at once and for good.", "account-help"),
        actions(button("Delete the account", () => panel.show(deleteView(context)))),
      ),
    ],
  };
}

function deleteView(context: Context): View {
  const { account, panel, tell } = context;
  const user = userOf(context);
  const password = passwordField();
  return {
    title: "Delete the account",
    back: () => dataView(context),
    content: [
      form({
        fields: [password],
        content: [
          notice(
            paragraph(
              `The account ${user.username} and everything kept in it (${sizeText(user.used_bytes)}) are deleted. Nobody can bring them back.`,
              "mb-0",
            ),
          ),
          hiddenUsername(user.username),
          password.root,
        ],
        submit: "Delete the account",
        busy: "Deleting it…",
        danger: true,
        more: [button("Keep it", () => panel.close(), "link")],
        act: async () => {
          await account.deleteAccount(password.value);
          panel.close();
          tell("The account and everything kept in it were deleted.");
        },
      }),
    ],
  };
}
