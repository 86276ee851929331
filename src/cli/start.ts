import { main } from "./main.ts";
import { processHost } from "./process-host.ts";

/** Runs a command line in this process; a file of its own in the bundle, so that `--version` need not load it. */
export function start(words: string[]): Promise<number> {
  return main(words, processHost());
}
