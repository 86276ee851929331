import { quickAnswer } from "./quick.ts";

/** Answers what needs nothing, or loads the rest; the process ends by itself, so that everything written arrives. */
async function begin(words: string[]): Promise<void> {
  const answer = await quickAnswer(words);
  if (answer !== undefined) {
    process.stdout.write(answer);
    return;
  }
  const { start } = await import("./start.ts");
  process.exitCode = await start(words);
}

// Not awaited: a CommonJS bundle has no await at its top. What is thrown here is a bug and ends the process with its stack.
void begin(process.argv.slice(2));
