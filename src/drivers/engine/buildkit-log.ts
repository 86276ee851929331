import type { BuildLog } from "./build-steps.ts";
import { createTrace } from "./buildkit/trace.ts";

/** A line of POST /build with BuildKit; `aux` of a trace is base64. */
type TraceLine = { id?: string; aux?: unknown; error?: string; errorDetail?: { message?: string } | null };

/** Reads what POST /build answers with BuildKit. */
export function buildkitLog(onOutput: (line: string) => void): BuildLog {
  const trace = createTrace();
  let words: string | undefined;
  return {
    take(value) {
      const { id, aux, error, errorDetail } = value as TraceLine;
      words = errorDetail?.message ?? error ?? words;
      if (id !== "moby.buildkit.trace" || typeof aux !== "string") return;
      for (const line of trace.add(aux)) onOutput(line);
    },
    failure() {
      if (words === undefined) return undefined;
      const failed = trace.failure();
      return { words, ...(failed ? { step: { name: failed.step, tail: failed.output } } : {}) };
    },
  };
}
