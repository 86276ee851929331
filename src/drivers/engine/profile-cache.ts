import { createHash, randomBytes } from "node:crypto";
import * as fs from "node:fs";
import { join } from "node:path";

import type { Endpoint } from "./endpoint.ts";
import type { Profile } from "./profile.ts";

/** Keeps what an engine said of itself between runs, so that a plan need not ask again. */
export type ProfileCache = {
  /** Undefined when nothing is kept, it is too old, or another engine listens there now. */
  read(): Profile | undefined;
  write(profile: Profile): void;
  drop(): void;
};

/** Layout of an entry; another number is a miss. */
const FORMAT = 2;
/** Milliseconds an entry lasts whose engine could be exchanged unseen. */
const REMOTE_AGE_MS = 10 * 60_000;
/** Milliseconds an entry lasts whose socket is still the same one: a socket of systemd outlives an upgrade behind it. */
const SOCKET_AGE_MS = 24 * 3_600_000;

type Entry = { format: typeof FORMAT; url: string; identity: string; savedAt: number; profile: Profile };

/**
 * One private file per endpoint in `folder`. A unix socket is identified by device, inode and change time: an engine that
 * starts anew makes a new one. A corrupt entry is a miss. Derived data: where nothing can be written nothing is kept.
 * @param now milliseconds since the epoch
 */
export function createProfileCache(endpoint: Endpoint, folder: string, now: () => number): ProfileCache {
  const key = createHash("sha256").update(endpoint.url).digest("hex").slice(0, 32);
  const path = join(folder, "engines", `${key}.json`);
  const maxAge = endpoint.kind === "unix" ? SOCKET_AGE_MS : REMOTE_AGE_MS;
  return {
    read() {
      const entry = readEntry(path);
      if (entry?.format !== FORMAT || entry.url !== endpoint.url || entry.identity !== identityOf(endpoint))
        return undefined;
      const age = now() - (entry.savedAt ?? 0);
      return age >= 0 && age < maxAge ? entry.profile : undefined;
    },
    write(profile) {
      const identity = identityOf(endpoint);
      if (identity === undefined) return;
      const entry: Entry = { format: FORMAT, url: endpoint.url, identity, savedAt: now(), profile };
      unlessRefused(() => {
        fs.mkdirSync(join(folder, "engines"), { recursive: true, mode: 0o700 });
        const temporary = `${path}.${process.pid}-${randomBytes(6).toString("hex")}`;
        fs.writeFileSync(temporary, JSON.stringify(entry), { mode: 0o600, flag: "wx" });
        fs.renameSync(temporary, path);
      });
    },
    drop: () => void unlessRefused(() => fs.rmSync(path, { force: true })),
  };
}

/** What tells one engine behind an address from the next; undefined when nothing is there. */
function identityOf(endpoint: Endpoint): string | undefined {
  if (endpoint.kind !== "unix") return "remote";
  const stats = unlessRefused(() => fs.statSync(endpoint.path, { bigint: true, throwIfNoEntry: false }));
  return stats && `${stats.dev}:${stats.ino}:${stats.ctimeNs}`;
}

function readEntry(path: string): Partial<Entry> | undefined {
  const text = unlessRefused(() => fs.readFileSync(path, "utf8"));
  if (text === undefined) return undefined;
  try {
    const entry = JSON.parse(text) as Partial<Entry> | null;
    return typeof entry?.profile?.facts?.apiVersion === "string" ? entry : undefined;
  } catch (error) {
    // Atomic writes leave no half entry; whatever else wrote it, asking the engine is always right.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** The result, or undefined when the file system says no: not there, not permitted, full, read-only. */
function unlessRefused<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (error instanceof Error && "code" in error) return undefined;
    throw error;
  }
}
