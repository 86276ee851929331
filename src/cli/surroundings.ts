import { createHmac } from "node:crypto";
import { join } from "node:path";

import { realHomeOf } from "../drivers/files/host-paths.ts";
import { attempt, errorCodeOf } from "../drivers/files/files.ts";
import type { Files } from "../drivers/files/files.ts";
import type { Surroundings } from "../model/compile.ts";
import { DevcError } from "../model/errors.ts";
import { createRefusals } from "../model/refused-paths.ts";
import type { Context } from "./context.ts";

/** What surroundings are made of. */
type World = Pick<Context, "fs" | "home" | "env" | "stateDir" | "randomBytes">;

const KEY_BYTES = 32;
const KEY_FORM = /^[0-9a-f]{64}$/;
/** Hexadecimal digits of a placeholder: as many as nobody meets twice. */
const PLACEHOLDER_DIGITS = 32;

/**
 * What devcontainer projects are compiled with on this host.
 * @param images local images by reference; null: looked for and not there
 */
export function surroundingsOf(world: World, images: Surroundings["images"]): Surroundings {
  const { fs, home, env } = world;
  // Only projects with a devcontainer.json ask.
  let refused: Surroundings["refused"] | undefined;
  return {
    images,
    localEnv: env,
    hide: createHide(world),
    hostPath: (path) => hostPath(fs, path),
    refused: (path) => (refused ??= createRefusals(realHomeOf(fs, home)))(path),
  };
}

/**
 * Makes the function that names a value without telling it: `hosts:` and an HMAC-SHA256 under a key that only this user has,
 * so that equal values have equal names in every plan and a short secret cannot be found by trying. The key is made at the
 * first use and kept in the user's state folder.
 */
function createHide(world: World): (value: string) => string {
  let key: Buffer | undefined;
  return (value) => {
    key ??= keyOf(world);
    return `hosts:${createHmac("sha256", key).update(value).digest("hex").slice(0, PLACEHOLDER_DIGITS)}`;
  };
}

/** @throws DevcError `state-failed`: without a key that lasts, every plan would find the same values changed */
function keyOf({ fs, stateDir, randomBytes }: World): Buffer {
  const path = join(stateDir, "host-values.key");
  try {
    // When two begin at once, the first key counts for both.
    if (!fs.lstat(path)) fs.createPrivate(path, Buffer.from(randomBytes(KEY_BYTES)).toString("hex"));
    const text = Buffer.from(fs.read(path, 2 * KEY_BYTES + 1)).toString("latin1");
    if (KEY_FORM.test(text)) return Buffer.from(text, "hex");
  } catch (error) {
    const code = errorCodeOf(error);
    if (code === undefined) throw error;
    throw new DevcError("state-failed", `the key that hides values of your environment cannot be kept: ${code}`, {
      subject: path,
      hint: `make ${stateDir} a folder you may write to`,
      cause: error,
    });
  }
  throw new DevcError("state-failed", "the key that hides values of your environment is not one devc wrote", {
    subject: path,
    hint: `remove ${path}; sandboxes that use such values are then made anew`,
  });
}

/** A path that cannot be looked at counts as one that is not there: nothing is given to a sandbox unseen. */
function hostPath(fs: Files, path: string): ReturnType<Surroundings["hostPath"]> {
  return attempt(() => {
    const kind = fs.stat(path)?.kind;
    if (kind === undefined) return undefined;
    return { real: fs.realpath(path), kind: kind === "file" || kind === "directory" ? kind : ("other" as const) };
  }).value;
}
