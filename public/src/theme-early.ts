// Runs before the page is drawn, so that a dark room never sees a white flash.
import { applyTheme, storedTheme } from "./theme.ts";

applyTheme(storedTheme());
