import { StringDecoder } from "node:string_decoder";

/** Longest piece of a line that is kept in memory; longer lines are handed on in pieces. */
const MAX_LINE = 16 * 1024;

/** Separates what a command prints from what devc's wrapper prints after it. Never inside a word of ours. */
const SEPARATOR = "\u001e";

/** Cuts one output of a command into lines. */
export type LineReader = {
  write(chunk: Uint8Array): void;
  /** Hands on what is left without an end of line. */
  end(): void;
};

/**
 * Cuts a stream into lines: `\n` and `\r\n` end one, and of what a program rewrites in place with `\r` (a progress bar) the
 * last state stands. Broken UTF-8 becomes U+FFFD.
 * @param seal when the wrapper's closing word arrives, what stands before it is handed on, `onSeal` gets the exit status, and
 * everything after it is dropped
 */
export function createLineReader(
  onLine: (line: string) => void,
  seal?: { word: string; onSeal(status: number): void },
): LineReader {
  const decoder = new StringDecoder("utf8");
  const closing = seal && new RegExp(`${SEPARATOR}${seal.word} (\\d+)${SEPARATOR}`);
  let rest = "";
  let sealed = false;
  const flush = (): void => {
    if (rest !== "") onLine(lastState(rest));
    rest = "";
  };
  const take = (text: string): void => {
    rest += text;
    const found = closing?.exec(rest);
    if (found) rest = rest.slice(0, found.index);
    const lines = rest.split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) onLine(lastState(line));
    if (found) {
      flush();
      sealed = true;
      seal?.onSeal(Number(found[1]));
      return;
    }
    rest = onlyLastState(rest);
    while (rest.length > MAX_LINE * 2) {
      onLine(rest.slice(0, MAX_LINE));
      rest = rest.slice(MAX_LINE);
    }
  };
  return {
    write: (chunk) => {
      if (!sealed) take(decoder.write(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)));
    },
    end: () => {
      if (sealed) return;
      take(decoder.end());
      flush();
    },
  };
}

/** Shell words that print the closing word: `$1` is the word, `$2` the exit status. */
export const PRINT_SEAL = `printf '\\036%s %s\\036'`;

/** A carriage return at the end belongs to the end of line. */
function lastState(line: string): string {
  const text = line.replace(/\r+$/, "");
  return text.slice(text.lastIndexOf("\r") + 1);
}

/** Drops states that were already written over, so that an endless progress bar takes no memory. */
function onlyLastState(rest: string): string {
  const text = rest.replace(/\r+$/, "");
  const at = text.lastIndexOf("\r");
  return at < 0 ? rest : rest.slice(at + 1);
}
