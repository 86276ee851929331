import { createHash } from "node:crypto";
import { join } from "node:path";

import { attempt } from "../drivers/files/files.ts";
import type { EnvironmentCache } from "../drivers/hooks/remote-environment.ts";
import type { Context } from "./context.ts";

/** More than an environment has. */
const MAX_BYTES = 4 * 1024 * 1024;

/**
 * What shells of sandboxes said of their environment, in private files of the cache folder. Keys share 256 files, so that
 * sandboxes that are gone leave no more than that behind; the key in the file tells whose it is.
 */
export function environmentCache({ fs, cacheDir }: Pick<Context, "fs" | "cacheDir">): EnvironmentCache {
  const fileOf = (key: string): string => {
    const slot = createHash("sha256").update(key).digest("hex").slice(0, 2);
    return join(cacheDir, "environments", `${slot}.json`);
  };
  return {
    get: (key) => {
      // A cache that is missing, unreadable or damaged costs time only.
      const { value: bytes } = attempt(() => fs.read(fileOf(key), MAX_BYTES));
      if (!bytes) return undefined;
      try {
        const found = JSON.parse(Buffer.from(bytes).toString("utf8")) as { key?: unknown; value?: unknown } | null;
        return found?.key === key ? found.value : undefined;
      } catch (error) {
        if (error instanceof SyntaxError) return undefined;
        throw error;
      }
    },
    set: (key, value) => void attempt(() => fs.writePrivate(fileOf(key), JSON.stringify({ key, value }))),
  };
}
