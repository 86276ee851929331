import { describe, expect, it } from "vitest";

import { readFields, writeBytes, writeNumber } from "../../../../src/drivers/engine/buildkit/protobuf.ts";
import { createTrace } from "../../../../src/drivers/engine/buildkit/trace.ts";

const NOW = writeNumber(1, 1_700_000_000);

type Vertex = { digest: string; name: string; started?: true; completed?: true; cached?: true; error?: string };

function vertex({ digest, name, started, completed, cached, error }: Vertex): Uint8Array {
  return Buffer.concat([
    writeBytes({ 1: digest, 3: name }),
    cached ? writeNumber(4, 1) : new Uint8Array(),
    started ? writeBytes({ 5: NOW }) : new Uint8Array(),
    completed ? writeBytes({ 6: NOW }) : new Uint8Array(),
    error ? writeBytes({ 7: error }) : new Uint8Array(),
  ]);
}

const vertexes = (...all: Vertex[]): string =>
  Buffer.concat(all.map((one) => writeBytes({ 1: vertex(one) }))).toString("base64");
const log = (digest: string, text: string): string =>
  Buffer.from(writeBytes({ 3: writeBytes({ 1: digest, 4: text }) })).toString("base64");

describe("the trace of a build", () => {
  it("becomes a line for each step that begins and ends, and its output by whole lines", () => {
    const trace = createTrace();
    const run: Vertex = { digest: "a", name: "[2/2] RUN make" };
    expect(trace.add(vertexes(run))).toEqual([]);
    expect(trace.add(vertexes({ ...run, started: true }))).toEqual(["#1 [2/2] RUN make"]);
    expect(trace.add(vertexes({ ...run, started: true }))).toEqual([]);
    expect(trace.add(log("a", "one\r\ntw"))).toEqual(["#1 one"]);
    expect(trace.add(log("a", "o\nrest"))).toEqual(["#1 two"]);
    expect(trace.add(vertexes({ ...run, started: true, completed: true }))).toEqual(["#1 rest", "#1 DONE"]);
    expect(trace.failure()).toBeUndefined();
  });

  it("tells steps apart and says which came from the cache", () => {
    const trace = createTrace();
    const lines = trace.add(
      vertexes(
        { digest: "a", name: "[1/2] FROM base", started: true, completed: true, cached: true },
        { digest: "b", name: "[2/2] RUN true", started: true },
      ),
    );
    expect(lines).toEqual(["#1 [1/2] FROM base", "#1 CACHED", "#2 [2/2] RUN true"]);
  });

  it("names the step that failed, not those it took down, with the last 50 lines of its output", () => {
    const trace = createTrace();
    trace.add(
      vertexes({ digest: "b", name: "[b] RUN slow", started: true, completed: true, error: "context canceled" }),
    );
    trace.add(vertexes({ digest: "a", name: "[a] RUN exit 7", started: true }));
    for (let line = 1; line <= 60; line += 1) trace.add(log("a", `line ${line}\n`));
    trace.add(log("a", "no end"));
    trace.add(vertexes({ digest: "a", name: "[a] RUN exit 7", started: true, completed: true, error: "exit code: 7" }));
    const output = [...Array.from({ length: 49 }, (_, index) => `line ${index + 12}`), "no end"];
    expect(trace.failure()).toEqual({ step: "[a] RUN exit 7", error: "exit code: 7", output });
  });
});

describe("a protobuf message", () => {
  it("is read back as it was written, unknown fields of other kinds passed over", () => {
    const fixed = Uint8Array.from([(9 << 3) | 1, 1, 2, 3, 4, 5, 6, 7, 8, (10 << 3) | 5, 1, 2, 3, 4]);
    const message = Buffer.concat([writeNumber(2, 300), fixed, writeBytes({ 3: "text" })]);
    expect(readFields(message)).toEqual([
      { number: 2, value: 300n },
      { number: 3, value: Buffer.from("text") },
    ]);
  });

  it("that ends inside a field, or is none, is an error", () => {
    const whole = writeBytes({ 1: "text" });
    for (let length = 1; length < whole.length; length += 1) {
      expect(() => readFields(whole.subarray(0, length))).toThrow(RangeError);
    }
    expect(() => readFields(Uint8Array.from([0x0f]))).toThrow("wire type 7");
    expect(() => readFields(new Uint8Array(12).fill(0xff))).toThrow("too long");
  });
});
