// What every view of the account is given.
import type { Account } from "../account.ts";
import type { Api } from "../api.ts";
import type { User } from "../api-types.ts";
import type { History, KeptItem } from "../history.ts";
import type { Keeper } from "../keeper.ts";
import type { Panel, View } from "./panel.ts";

export interface Context {
  api: Api;
  account: Account;
  keeper: Keeper;
  history: History;
  panel: Panel;
  home: () => View;
  openKept: (item: KeptItem) => Promise<void>; // on the page
  tell: (sentence: string) => void; // in the page's foot
  saveFile: (name: string, content: Blob) => void;
}

// In views that are only shown to somebody who is signed in.
export function userOf({ account }: Context): User {
  const { user } = account;
  if (user === null) throw new Error("nobody is signed in");
  return user;
}
