import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/**
 * Asks a yes-or-no question on a terminal and reads one line. Everything but `y` and `yes` is no, also the end of input.
 * The terminal stays in its usual mode, so an interrupt arrives as the signal it is.
 * @throws the signal's reason when it aborts
 */
export async function ask(
  question: string,
  streams: { stdin: Readable; stderr: { write(text: string): unknown } },
  signal: AbortSignal,
): Promise<boolean> {
  signal.throwIfAborted();
  streams.stderr.write(`${question} [y/N] `);
  const lines = createInterface({ input: streams.stdin, terminal: false });
  try {
    const answer = await new Promise<string>((resolve, reject) => {
      lines.once("line", resolve);
      lines.once("close", () => resolve(""));
      signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
    });
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
    streams.stdin.pause();
  }
}
