import { VERSION } from "./version.ts";

/**
 * The answer to command lines that ask for nothing but a text, before anything else is loaded: `--version`, `--help`.
 * Undefined for all others.
 */
export async function quickAnswer(words: string[]): Promise<string | undefined> {
  if (words.length !== 1) return undefined;
  const [word] = words;
  if (word === "--version" || word === "-V") return `${VERSION}\n`;
  if (word !== "--help" && word !== "-h" && word !== "help") return undefined;
  const { HELP } = await import("./help.ts");
  return HELP;
}
