import { PassThrough, Readable } from "node:stream";
import { text } from "node:stream/consumers";

import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { demultiplex } from "../../../src/drivers/engine/demux.ts";

function frame(stream: number, payload: Buffer): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(payload.length, 4);
  return Buffer.concat([header, payload]);
}

async function split(chunks: Buffer[]): Promise<[string, string]> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const texts = Promise.all([text(stdout), text(stderr)]);
  await demultiplex(Readable.from(chunks), stdout, stderr);
  stdout.end();
  stderr.end();
  return texts;
}

describe("the two outputs in one stream", () => {
  it("come apart wherever the stream is cut", async () => {
    const frames = fc.array(fc.record({ stream: fc.constantFrom(1, 2), payload: fc.string() }), { maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(frames, fc.array(fc.nat(), { maxLength: 12 }), async (parts, cuts) => {
        const whole = Buffer.concat(parts.map(({ stream, payload }) => frame(stream, Buffer.from(payload))));
        const at = [0, ...cuts.map((cut) => cut % (whole.length + 1)).toSorted((a, b) => a - b), whole.length];
        const chunks = at.slice(1).map((end, index) => whole.subarray(at[index], end));
        const wanted = (stream: number) =>
          parts
            .filter((part) => part.stream === stream)
            .map(({ payload }) => payload)
            .join("");
        expect(await split(chunks)).toEqual([wanted(1), wanted(2)]);
      }),
    );
  });

  it("wait for a reader that is slow", async () => {
    const stdout = new PassThrough({ highWaterMark: 4 });
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 50; produced++) yield frame(1, Buffer.from("0123456789"));
      })(),
      { highWaterMark: 1 },
    );
    const done = demultiplex(source, stdout, new PassThrough()).then(() => stdout.end());
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
    expect(produced).toBeLessThan(10);
    expect((await text(stdout)).length).toBe(500);
    await done;
  });

  it("fail with the stream", async () => {
    const source = new PassThrough();
    const failing = demultiplex(source, new PassThrough(), new PassThrough());
    source.destroy(new Error("broken"));
    await expect(failing).rejects.toThrow("broken");
  });
});
