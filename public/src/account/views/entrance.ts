// Signing in, with the second step; making an account; and what to do when the password is lost.
import { passwordFault } from "../password-advice.ts";
import { parseRecoveryKey } from "../recovery-key.ts";
import { sessionEndedSentence } from "../wording.ts";
import { actions, button, make, notice, paragraph } from "./build.ts";
import type { Context } from "./context.ts";
import { Field, form } from "./form.ts";
import type { View } from "./panel.ts";
import { recoveryKeyField, recoveryKeyView } from "./recovery-key.ts";

const usernameField = (value = "") =>
  new Field({ label: "User name", name: "username", autocomplete: "username", value });

// Both fields of a new password, with the advice.
export function newPassword({ account }: Context, username: () => string) {
  const { min, min_with_second_factor: less } = account.config.password;
  const rules = { ...account.config.password, min: account.user?.totp === true ? less : min };
  const first = new Field({
    label: "New password",
    name: "new-password",
    type: "password",
    autocomplete: "new-password",
    help:
      `At least ${rules.min} characters. Four or five words that have nothing to do with each ` +
      "other are long, so they are hard to guess, and easy to type. Any characters will do.",
    check: (password) => passwordFault(password, username(), rules),
  });
  const again = new Field({
    label: "The same password again",
    name: "new-password-again",
    type: "password",
    autocomplete: "new-password",
    check: (typed) =>
      typed === first.value ? null : "This differs from the password above. Type it again.",
  });
  return { first, again };
}

function afterSignIn(context: Context): void {
  const { account, panel, tell, keeper } = context;
  if (account.shownRecoveryKey !== null) {
    panel.show(recoveryKeyView(context));
    return;
  }
  panel.close();
  tell(`Signed in as ${account.user?.username ?? ""}.`);
  keeper.resume();
}

export function signInView(context: Context): View {
  const { account, panel, keeper } = context;
  const username = usernameField();
  const password = new Field({
    label: "Password",
    name: "password",
    type: "password",
    autocomplete: "current-password",
    check: (typed) => (typed === "" ? "Type your password." : null),
  });
  const why = account.ended
    ? notice(paragraph(sessionEndedSentence(account.config, keeper.pending), "mb-0"))
    : null;
  const register =
    account.config.registration === "closed"
      ? null
      : button("Make an account", () => panel.show(registerView(context)), "link");
  const lost = button("Password lost", () => panel.show(lostView(context)), "link");
  return {
    title: "Sign in",
    content: [
      form({
        fields: [username, password],
        content: [
          why,
          paragraph(
            "Reading images needs no account. With one you can keep images and their results.",
            "account-help",
          ),
          username.root,
          password.root,
        ],
        submit: "Sign in",
        busy: "Signing in…",
        more: [register, lost],
        act: async () => {
          const step = await account.signIn(username.value, password.value);
          if (step === "done") afterSignIn(context);
          else panel.show(secondStepView(context));
        },
      }),
    ],
  };
}

function secondStepView(context: Context): View {
  const code = new Field({
    label: "Code",
    name: "code",
    autocomplete: "one-time-code",
    help: "The six digits that your authenticator app shows now, or one of your recovery codes.",
  });
  return {
    title: "Second step",
    back: () => signInView(context),
    content: [
      form({
        fields: [code],
        content: [code.root],
        submit: "Sign in",
        busy: "Signing in…",
        act: async () => {
          await context.account.secondFactor(code.value.replaceAll(/\s/g, ""));
          afterSignIn(context);
        },
      }),
    ],
  };
}

// What the storage of this server means for the password.
function promise({ account }: Context): string {
  if (account.config.scheme === "e2e") {
    return (
      "Your password never leaves this browser, and it is the only key to what you keep. Nobody " +
      "can look it up or send it to you, so you get a recovery key next: keep that on paper."
    );
  }
  return account.config.storage === "server"
    ? "What you keep is encrypted by the server. Whoever runs it holds the key and could open it."
    : "This server keeps no images.";
}

export function registerView(context: Context): View {
  const { account, panel } = context;
  const invited = account.config.registration === "invitation";
  const invitation = new Field({
    label: "Invitation",
    name: "invitation",
    autocomplete: "off",
    help: "The code that you were given for this.",
  });
  const username = new Field({
    label: "User name",
    name: "username",
    autocomplete: "username",
    help: "Only you and whoever runs this server see it. Do not use the name of a case.",
    check: (typed) => {
      const { length } = new TextEncoder().encode(typed.trim());
      return length >= 1 && length <= 64 ? null : "A user name has 1 to 64 characters.";
    },
  });
  const { first, again } = newPassword(context, () => username.value);
  return {
    title: "Make an account",
    back: () => signInView(context),
    content: [
      form({
        fields: [...(invited ? [invitation] : []), username, first, again],
        content: [
          paragraph(promise(context), "account-help"),
          invited ? invitation.root : null,
          username.root,
          first.root,
          again.root,
        ],
        submit: "Make an account",
        busy: "Making it…",
        act: async () => {
          await account.register(username.value, first.value, invited ? invitation.value : "");
          if (account.shownRecoveryKey === null) panel.show(context.home());
          else panel.show(recoveryKeyView(context));
        },
      }),
    ],
  };
}

function lostView(context: Context): View {
  const { account, panel } = context;
  const withKey = account.config.scheme === "e2e";
  return {
    title: "Password lost",
    back: () => signInView(context),
    content: [
      withKey
        ? make(
            "section",
            { class: "account-section" },
            make("h3", {}, "With your recovery key"),
            paragraph("You choose a new password, and everything you kept stays."),
            actions(
              button("Use the recovery key", () => panel.show(recoverView(context)), "primary"),
            ),
          )
        : null,
      make(
        "section",
        { class: "account-section" },
        make("h3", {}, "With a code from whoever runs this server"),
        paragraph(
          withKey
            ? "You get your account back, but what you kept is deleted: without your password or your recovery key nobody can open it."
            : "Ask them for a code. You choose a new password, and everything you kept stays.",
        ),
        actions(button("Use a code", () => panel.show(resetView(context)))),
      ),
    ],
  };
}

function recoverView(context: Context): View {
  const { account, panel } = context;
  const username = usernameField();
  const key = recoveryKeyField();
  return {
    title: "Use the recovery key",
    back: () => lostView(context),
    content: [
      form({
        fields: [username, key],
        content: [username.root, key.root],
        submit: "Go on",
        busy: "Opening…",
        act: async () => {
          const parsed = parseRecoveryKey(key.value);
          if (typeof parsed === "string") return;
          await account.recover(username.value, parsed);
          panel.show(recoveredView(context, username.value));
        },
      }),
    ],
  };
}

function recoveredView(context: Context, username: string): View {
  const { account, panel } = context;
  const name = usernameField(username);
  name.input.readOnly = true;
  const { first, again } = newPassword(context, () => username);
  return {
    title: "Choose a new password",
    content: [
      form({
        fields: [first, again],
        content: [
          paragraph("The recovery key is right. It stays valid."),
          name.root,
          first.root,
          again.root,
        ],
        submit: "Set the password",
        busy: "Setting it…",
        act: async () => {
          const step = await account.finishRecovery(first.value);
          if (step === "done") afterSignIn(context);
          else panel.show(secondStepView(context));
        },
      }),
    ],
  };
}

function resetView(context: Context): View {
  const { account, panel } = context;
  const username = usernameField();
  const code = new Field({ label: "Code", name: "code", autocomplete: "one-time-code" });
  const { first, again } = newPassword(context, () => username.value);
  const warning = notice(
    paragraph(
      "What you kept is deleted by this, because nobody can open it any more. If you still have your recovery key, use that instead.",
      "mb-0",
    ),
  );
  return {
    title: "Use a code",
    back: () => lostView(context),
    content: [
      form({
        fields: [username, code, first, again],
        content: [
          account.config.scheme === "e2e" ? warning : null,
          username.root,
          code.root,
          first.root,
          again.root,
        ],
        submit: "Set the password",
        busy: "Setting it…",
        act: async () => {
          const step = await account.reset(username.value, code.value, first.value);
          if (step === "done") afterSignIn(context);
          else panel.show(secondStepView(context));
        },
      }),
    ],
  };
}
