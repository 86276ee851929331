import type { Duplex, Readable, Writable } from "node:stream";

/**
 * Feeds the command's standard input from ours, byte for byte, no faster than it reads; our end of file becomes its end
 * of file. The returned function stops, so that what was not read stays ours and the process can end.
 */
export function feed(stdin: Readable, target: Duplex): () => void {
  // A terminal that went away reads as EIO and is an end of input.
  const end = () => void target.end();
  target.on("error", ignoreClosed);
  stdin.on("error", end);
  stdin.pipe(target);
  return () => {
    stdin.unpipe(target);
    stdin.pause();
    stdin.off("error", end);
  };
}

/**
 * Copies a command's output to ours, no faster than ours takes it.
 * @param onBroken called once when nobody reads our output any more; the rest is read and thrown away
 * @throws the error of `source`
 */
export async function drain(source: Readable, target: Writable, onBroken: () => void): Promise<void> {
  let broken = false;
  const breakOnce = () => {
    if (!broken) onBroken();
    broken = true;
  };
  target.on("error", breakOnce);
  try {
    for await (const chunk of source) if (!broken) await written(target, chunk as Uint8Array).catch(breakOnce);
  } finally {
    target.off("error", breakOnce);
  }
}

function written(target: Writable, chunk: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    target.write(chunk, (error) => (error ? reject(error) : resolve()));
  });
}

/** A command that stops reading or has ended is no failure of ours: how it ended is what its session tells. */
function ignoreClosed(): void {}
