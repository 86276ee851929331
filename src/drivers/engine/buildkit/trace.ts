import { remember } from "../build-steps.ts";
import type { Step } from "../build-steps.ts";
import { messagesOf, readFields, textOf } from "./protobuf.ts";

/** What a build's trace adds up to. */
export type Trace = {
  /** Takes one `moby.buildkit.trace` record (base64 of a StatusResponse) and gives the lines it adds. */
  add(base64: string): string[];
  /** The step that failed, with the end of its output; undefined when none has. */
  failure(): { step: string; error: string; output: string[] } | undefined;
};

type TraceStep = Step & { number: number; announced: boolean; done: boolean; error: string; rest: string };

/**
 * Turns the trace of a build into lines: `#3 [2/4] RUN npm ci`, its output behind the same number, `#3 CACHED`, `#3 ERROR …`.
 * Messages: moby/buildkit api/services/control/control.proto, StatusResponse (1 vertexes, 3 logs); Vertex (1 digest, 3 name,
 * 4 cached, 5 started, 6 completed, 7 error); VertexLog (1 vertex, 4 msg).
 */
export function createTrace(): Trace {
  const steps = new Map<string, TraceStep>();
  const stepOf = (digest: string): TraceStep => {
    const known = steps.get(digest) ?? {
      number: steps.size + 1,
      name: "",
      tail: [],
      announced: false,
      done: false,
      error: "",
      rest: "",
    };
    steps.set(digest, known);
    return known;
  };
  const add = (base64: string): string[] => {
    const fields = readFields(Buffer.from(base64, "base64"));
    const lines = messagesOf(fields, 1).flatMap((vertex) => {
      const has = (number: number) => vertex.some((field) => field.number === number);
      const step = stepOf(textOf(vertex, 1));
      step.name = textOf(vertex, 3) || step.name;
      step.error = textOf(vertex, 7) || step.error;
      return vertexLines(step, { started: has(5), completed: has(6), cached: has(4) });
    });
    const logs = messagesOf(fields, 3).flatMap((log) => outputLines(stepOf(textOf(log, 1)), textOf(log, 4)));
    return [...lines, ...logs];
  };
  const failure = () => {
    const failed = [...steps.values()].find(({ error }) => error !== "" && !/context canceled/.test(error));
    if (!failed) return undefined;
    if (failed.rest !== "") outputLines(failed, "\n");
    return { step: failed.name, error: failed.error, output: failed.tail };
  };
  return { add, failure };
}

/** A step is told when it begins and when it ends, each once: records repeat what they said before. */
function vertexLines(
  step: TraceStep,
  { started, completed, cached }: Record<"started" | "completed" | "cached", boolean>,
): string[] {
  const lines: string[] = [];
  if (started && !step.announced) {
    step.announced = true;
    lines.push(`#${step.number} ${step.name}`);
  }
  if (completed && !step.done) {
    step.done = true;
    if (step.rest !== "") lines.push(...outputLines(step, "\n"));
    lines.push(`#${step.number} ${step.error ? `ERROR ${step.error}` : cached ? "CACHED" : "DONE"}`);
  }
  return lines;
}

/** Whole lines of a step's output; what has no end yet waits for the next record. */
function outputLines(step: TraceStep, text: string): string[] {
  const lines = (step.rest + text).split(/\r\n|\n/);
  step.rest = lines.pop() ?? "";
  for (const line of lines) remember(step, line);
  return lines.map((line) => `#${step.number} ${line}`);
}
