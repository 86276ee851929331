import { createHash } from "node:crypto";
import { join } from "node:path";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";

import type { Header, Pack } from "tar-stream";
import { pack } from "tar-stream";

import { DevcError } from "../../model/errors.ts";
import type { Files } from "../files/files.ts";
import type { ContextEntry } from "./context-walk.ts";

/** A file that is not in the folder but belongs into the tar. */
export type ExtraFile = { path: string; content: Uint8Array };

/** What goes into a tar. */
export type TarContent = {
  /** Absolute path of the context. */
  context: string;
  entries: ContextEntry[];
  extra: ExtraFile[];
  /**
   * Called with the hash of each file's content as it was sent, before the tar ends; what it throws breaks the tar off, so that
   * no builder takes it for whole.
   */
  verify(contentOf: (entry: ContextEntry) => string): void;
};

/**
 * A context as an uncompressed tar, made while it is read. The same content gives the same bytes: sorted, all of root, times
 * in whole seconds. Errors of the stream are `DevcError`s: a file that changes while it is sent is `plan-stale`.
 */
export function contextTar(fs: Files, content: TarContent): Readable {
  const tar = pack();
  fill(fs, tar, content).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  // The library's streams are not Node's own.
  return Readable.from(tar, { objectMode: false });
}

async function fill(fs: Files, tar: Pack, { context, entries, extra, verify }: TarContent): Promise<void> {
  const hashes = new Map<string, string>();
  for (const entry of entries) {
    const absolute = join(context, entry.path);
    if (entry.identity.kind !== "file") await addPlain(tar, headersOf(entry));
    else hashes.set(entry.path, await addFile(fs, tar, absolute, entry));
  }
  for (const { path, content } of extra) await addPlain(tar, { name: path, mode: 0o644, ...ROOT }, content);
  verify(({ path }) => hashes.get(path) ?? "");
}

type EntryHeader = Partial<Header> & Pick<Header, "name">;

const ROOT = { uid: 0, gid: 0, mtime: new Date(0) };

/** Paths longer than a tar's 100 bytes, and such with other letters, get a PAX header by the library. */
function headersOf({ path, identity, link }: ContextEntry): EntryHeader {
  const { kind, mode, size, mtimeNs } = identity;
  // Builders give a copied file the time of the source, and some tools refuse the year 1970.
  const common = { ...ROOT, mtime: new Date(Number(mtimeNs / 1_000_000_000n) * 1000), mode };
  if (kind === "directory") return { ...common, name: `${path}/`, type: "directory" };
  if (kind === "symlink") return { ...common, name: path, type: "symlink", linkname: link ?? "" };
  return { ...common, name: path, type: "file", size };
}

function addPlain(tar: Pack, headers: EntryHeader, content?: Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    const done = (error?: Error | null) => (error ? reject(error) : resolve());
    if (content) tar.entry({ ...headers, size: content.length }, Buffer.from(content), done);
    else tar.entry(headers, done);
  });
}

/** Sends one file and gives the hash of what was sent. */
async function addFile(fs: Files, tar: Pack, absolute: string, entry: ContextEntry): Promise<string> {
  const hash = createHash("sha256");
  let sent = 0;
  const { size } = entry.identity;
  try {
    const source = fs.stream(absolute);
    const sink = tar.entry(headersOf(entry));
    // Ends with the tar's own error, which is told there.
    sink.on("error", () => {});
    await pipeline(
      source,
      async function* (chunks: AsyncIterable<Buffer>) {
        for await (const chunk of chunks) {
          sent += chunk.length;
          if (sent > size) throw changed(absolute);
          hash.update(chunk);
          yield chunk;
        }
        if (sent < size) throw changed(absolute);
      },
      sink,
    );
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof DevcError || tar.destroyed) throw error;
    throw changed(absolute, error);
  }
}

function changed(absolute: string, cause?: unknown): DevcError {
  return new DevcError("plan-stale", `${absolute} changed while it was sent to the builder`, {
    subject: absolute,
    ...(cause instanceof Error ? { details: [cause.message], cause } : {}),
    hint: "run the command again",
  });
}
