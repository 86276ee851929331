import { join } from "node:path";

/** A path with a leading `~` or `~/` replaced by the home folder; undefined for `~somebody`, which is not supported. */
export function expandHome(text: string, home: string): string | undefined {
  if (!text.startsWith("~")) return text;
  return text === "~" || text.startsWith("~/") ? join(home, text.slice(1)) : undefined;
}
