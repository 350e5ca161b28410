import type { Plugin } from "esbuild";

export const withoutGeotiffDecoders: Plugin;
