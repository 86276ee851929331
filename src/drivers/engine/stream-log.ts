import { lineSplitter, remember } from "./build-steps.ts";
import type { BuildLog, Step } from "./build-steps.ts";

/** A line of POST /build without BuildKit. */
type StreamLine = { stream?: string; status?: string; error?: string; errorDetail?: { message?: string } | null };

/** How a step begins: Docker's classic builder and Buildah. */
const STEP = /^(?:\[[^\]]*\] )?STEP \d+(?:\/\d+)?\s?: (.*)$/i;

/** What Docker's classic builder says of its own doings between the lines of a step. */
const ASIDE = /^(?: ---> |Remov(?:ing|ed) intermediate container )/;
/** The colour in which it shows what a step writes to standard error; removing it leaves the text. */
// oxlint-disable-next-line no-control-regex
const COLOUR = /\u001B\[\d*m/g;

/** Reads the text that Docker's classic builder and Podman print. */
export function streamLog(onOutput: (line: string) => void): BuildLog {
  let step: Step | undefined;
  let words: string | undefined;
  const text = lineSplitter((written) => {
    const line = written.replaceAll(COLOUR, "");
    const name = STEP.exec(line)?.[1];
    if (name !== undefined) step = { name, tail: [] };
    else if (step && line !== "" && !ASIDE.test(line)) remember(step, line);
    if (line !== "") onOutput(line);
  });
  return {
    take(value) {
      const { stream, error, errorDetail } = value as StreamLine;
      if (stream !== undefined) text.add(stream);
      words = errorDetail?.message ?? error ?? words;
      if (words !== undefined) text.end();
    },
    failure: () => (words === undefined ? undefined : { words, ...(step ? { step } : {}) }),
  };
}
