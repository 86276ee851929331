/** Lines of a step that an error shows. */
const TAIL = 50;

/** A step of a build and the end of what it printed. */
export type Step = { name: string; tail: string[] };

/** What a builder says, put into lines and steps. */
export type BuildLog = {
  /** One value of the answer's stream. */
  take(value: unknown): void;
  /** The builder's own words when it failed. */
  failure(): { words: string; step?: Step } | undefined;
};

/** Adds a line to the end of what a step printed. */
export function remember({ tail }: Step, line: string): void {
  tail.push(line);
  if (tail.length > TAIL) tail.shift();
}

/**
 * Puts pieces of text together into lines. Of a line that is written over by carriage returns the last text counts.
 */
export function lineSplitter(onLine: (line: string) => void): { add(text: string): void; end(): void } {
  let pending = "";
  const send = (line: string) => {
    const shown = line.replace(/\r+$/, "");
    onLine(shown.slice(shown.lastIndexOf("\r") + 1));
  };
  return {
    add(text) {
      const lines = (pending + text).split("\n");
      pending = lines.pop() ?? "";
      for (const line of lines) send(line);
    },
    end() {
      if (pending !== "") send(pending);
      pending = "";
    },
  };
}
