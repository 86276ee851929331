import { once } from "node:events";
import type { Readable, Writable } from "node:stream";

const HEADER_BYTES = 8;
const STDERR = 2;

/**
 * Splits the stream of a container or exec without terminal into its two outputs: frames of 8 bytes of header (stream
 * number, three zeros, length big-endian) and their payload (Docker Engine API, "Attach to a container").
 * No faster than both targets take it: a reader must read both. Ends neither target.
 * @throws the error of `source`
 */
export async function demultiplex(source: Readable, stdout: Writable, stderr: Writable): Promise<void> {
  let header = Buffer.alloc(0);
  let left = 0;
  let target = stdout;
  for await (const chunk of source as AsyncIterable<Buffer>) {
    let rest = chunk;
    while (rest.length > 0) {
      if (left === 0) {
        const missing = HEADER_BYTES - header.length;
        header = Buffer.concat([header, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (header.length < HEADER_BYTES) break;
        target = header[0] === STDERR ? stderr : stdout;
        left = header.readUInt32BE(4);
        header = Buffer.alloc(0);
        continue;
      }
      const part = rest.subarray(0, left);
      left -= part.length;
      rest = rest.subarray(part.length);
      await write(target, part);
    }
  }
}

/** Writes and waits until there is room again. What nobody reads any more is dropped. */
export async function write(target: Writable, chunk: Buffer): Promise<void> {
  if (target.destroyed || target.write(chunk)) return;
  const settled = new AbortController();
  const { signal } = settled;
  try {
    await Promise.race([once(target, "drain", { signal }), once(target, "close", { signal })]);
  } finally {
    // The listeners of the loser would pile up, one for each time the target was full.
    settled.abort();
  }
}
