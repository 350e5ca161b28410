// The second step at signing in: an authenticator app, and recovery codes for when it is lost.
import { generate } from "lean-qr";
import { plural } from "../../wording.ts";
import type { TotpSecret } from "../api-types.ts";
import { actions, button, make, notice, paragraph } from "./build.ts";
import { userOf, type Context } from "./context.ts";
import { Field, form, hiddenUsername } from "./form.ts";
import type { View } from "./panel.ts";
import { homeView, passwordField } from "./settings.ts";

const SVG = "http://www.w3.org/2000/svg";
const QUIET = 4; // modules of margin, as the standard asks

// Always dark on light, in any theme: cameras expect that.
function qrCode(text: string): SVGSVGElement {
  const code = generate(text);
  const side = code.size + 2 * QUIET;
  let path = "";
  for (let y = 0; y < code.size; y++) {
    for (let x = 0; x < code.size; x++) {
      if (code.get(x, y)) path += `M${x + QUIET} ${y + QUIET}h1v1h-1z`;
    }
  }
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", `0 0 ${side} ${side}`);
  svg.setAttribute("class", "account-qr");
  svg.setAttribute("role", "img");
  svg.setAttribute("aria-label", "QR code for the authenticator app; the same as the key below it");
  const dark = document.createElementNS(SVG, "path");
  dark.setAttribute("d", path);
  svg.append(dark);
  return svg;
}

// Asks for the password, then does it.
function askView(
  context: Context,
  title: string,
  text: string,
  submit: string,
  act: (password: string) => Promise<void>,
): View {
  const password = passwordField();
  return {
    title,
    back: () => secondStepSettingsView(context),
    content: [
      form({
        fields: [password],
        content: [paragraph(text), hiddenUsername(userOf(context).username), password.root],
        submit,
        busy: "One moment…",
        act: () => act(password.value),
      }),
    ],
  };
}

export function secondStepSettingsView(context: Context): View {
  const { account, panel, tell } = context;
  const user = userOf(context);
  const what =
    "With a second step, signing in also asks for six digits that an app on your phone shows. Who learns your password alone does not get in.";
  if (!user.totp) {
    const begin = () =>
      panel.show(
        askView(context, "Set up the second step", what, "Go on", async (password) => {
          panel.show(scanView(context, await account.beginTotp(password)));
        }),
      );
    return {
      title: "Second step",
      back: () => homeView(context),
      content: [
        paragraph(what),
        paragraph("It is off."),
        actions(button("Set it up", begin, "primary")),
      ],
    };
  }
  const codes = () =>
    panel.show(
      askView(
        context,
        "New recovery codes",
        "The codes you have now stop working.",
        "Make new codes",
        async (password) => {
          panel.show(codesView(context, await account.newRecoveryCodes(password)));
        },
      ),
    );
  const off = () =>
    panel.show(
      askView(
        context,
        "Turn off the second step",
        "From then on the password alone signs in.",
        "Turn it off",
        async (password) => {
          await account.removeTotp(password);
          panel.close();
          tell("The second step is off.");
        },
      ),
    );
  return {
    title: "Second step",
    back: () => homeView(context),
    content: [
      paragraph("It is on: signing in asks for a code of your authenticator app."),
      paragraph(
        `${plural(user.recovery_codes_left, "recovery code")} left for when the app is lost.`,
      ),
      actions(button("New recovery codes", codes), button("Turn it off", off)),
    ],
  };
}

function scanView(context: Context, { secret, uri }: TotpSecret): View {
  const { account, panel } = context;
  const code = new Field({
    label: "Code",
    name: "code",
    autocomplete: "one-time-code",
    help: "The six digits that the app shows now.",
  });
  code.input.inputMode = "numeric";
  const link = /^otpauth:\/\//.test(uri)
    ? make("a", { href: uri }, "Open it in an app on this device")
    : null;
  return {
    title: "Set up the second step",
    back: () => secondStepSettingsView(context),
    content: [
      paragraph("Scan this with your authenticator app, or type the key into it."),
      qrCode(uri),
      make("p", { class: "account-key" }, secret.replaceAll(/(.{4})(?=.)/g, "$1 ")),
      link === null ? null : make("p", {}, link),
      form({
        fields: [code],
        content: [code.root],
        submit: "Turn it on",
        busy: "Checking…",
        act: async () => {
          const codes = await account.confirmTotp(code.value.replaceAll(/\s/g, ""));
          panel.show(codesView(context, codes));
        },
      }),
    ],
  };
}

function codesView(context: Context, codes: string[]): View {
  const { panel, saveFile } = context;
  const text = `InSitu recovery codes of ${userOf(context).username}, each for one sign-in\n\n${codes.join("\n")}\n`;
  return {
    title: "Recovery codes",
    content: [
      notice(
        paragraph(
          "The second step is on. If you lose the app, each of these codes signs you in once. They are shown now and never again.",
          "mb-0",
        ),
      ),
      make(
        "ol",
        { class: "account-codes" },
        ...codes.map((one) => make("li", {}, make("code", {}, one))),
      ),
      actions(
        button("Download", () =>
          saveFile("insitu-recovery-codes.txt", new Blob([text], { type: "text/plain" })),
        ),
        button("I have them", () => panel.show(secondStepSettingsView(context)), "primary"),
      ),
    ],
  };
}
