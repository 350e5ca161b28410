// Which passwords are taken.
import assert from "node:assert/strict";
import { test } from "node:test";
import { passwordFault } from "../public/src/account/password-advice.ts";
import { CONFIG } from "./fake_server.ts";

const fault = (password: string, username = "dr.smith") =>
  passwordFault(password, username, CONFIG.password);

test("Fifteen characters are enough, fourteen are not, and it says how many are missing", () => {
  assert.equal(fault("blue paper lamp"), null);
  assert.match(fault("blue paper lam") ?? "", /15 characters: 1 more/);
  assert.match(fault("") ?? "", /15 more/);
});

test("Characters are counted as people see them, not as bytes", () => {
  assert.equal(fault("žluťoučký kůň ě"), null);
  assert.match(fault("žluťoučký kůň ") ?? "", /1 more/);
  assert.match(fault("🌲🌳🌴🌵🌷🌸🌹🌺") ?? "", /7 more/);
});

test("Any characters do: no capitals, digits or signs are asked for", () => {
  for (const good of [
    "four quiet words here",
    "  spaces at both ends  ",
    "ALL IN CAPITALS HERE",
    "27182818284590452353",
    "тихие слова на бумаге",
    "a".repeat(8) + " quiet words here",
  ]) {
    assert.equal(fault(good), null, good);
  }
});

test("More bytes than the server takes are refused, as many are not", () => {
  const words = "quiet words here ";
  const most = words.repeat(16).slice(0, 256);
  assert.equal(fault(most), null);
  assert.match(fault(`${most}x`) ?? "", /256 bytes/);
});

test("What is tried first is refused, with the reason", () => {
  const cases: [string, RegExp][] = [
    ["aaaaaaaaaaaaaaaaaaaa", /repeats/],
    ["abababababababababab", /repeats/],
    ["abcdefghijklmnopqrst", /row of the alphabet/],
    ["123456789012345678", /row of the alphabet/],
    ["qwertyuiopasdfghjkl", /row of the alphabet/],
    ["dr.smithdr.smithdr.smith", /user name/],
    ["DR.SMITHdr.smith2026", /user name/],
    ["passwordpassword1", /tried first here/],
    ["InSituBreastInSitu1", /tried first here/],
  ];
  for (const [password, why] of cases) assert.match(fault(password) ?? "", why, password);
});

test("A short user name does not forbid its letters", () => {
  assert.equal(fault("four quiet words here", "e"), null);
  assert.equal(fault("four quiet words here", ""), null);
});
