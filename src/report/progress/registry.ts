import { jsonProgress } from "./json.ts";
import { plainProgress } from "./plain.ts";
import type { ProgressRenderer } from "./progress.ts";
import { quietProgress } from "./quiet.ts";
import { ttyProgress } from "./tty.ts";

/** Every form progress can take. */
export const PROGRESS = {
  tty: ttyProgress,
  plain: plainProgress,
  json: jsonProgress,
  quiet: quietProgress,
} as const satisfies Record<string, ProgressRenderer>;

/** Name of a form. */
export type ProgressFormat = keyof typeof PROGRESS;
