import { sha256 } from "../json.ts";
import type { ImageBuild } from "./build.ts";

/** Who the sandbox's user is to become: the folder's owner. */
export type UidChange = {
  /** ID of the image that is changed. */
  base: string;
  /** `Config.User` of the image, which stays. */
  imageUser: string;
  /** Name of the user in the image. */
  user: string;
  uid: number;
  gid: number;
};

/** What a user's name in a Dockerfile of ours may be made of; neither shell nor sed reads anything else into it. */
const USER_NAME = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/;

/** What may stand behind `USER`. */
const IMAGE_USER = /^[A-Za-z0-9_.:-]*$/;

/**
 * Name of the user whose IDs can be adapted: of `name` or `name:group`. Undefined for root, for one that is a number (it has
 * the IDs it says) and for a text that is no name.
 */
export function adaptableUser(user: string | undefined): string | undefined {
  const [name = ""] = (user ?? "").split(":", 1);
  return name === "root" || /^[0-9]*$/.test(name) || !USER_NAME.test(name) ? undefined : name;
}

/**
 * The layer that gives a user of an image the IDs of the host's user, so that files made in the sandbox are that user's on the
 * host. It needs no more than `/bin/sh`, `sed` and `chown` in the image, and no network. Undefined when the image's own user has
 * signs that a Dockerfile would read as something else.
 */
export function uidBuild(change: UidChange): ImageBuild | undefined {
  if (!IMAGE_USER.test(change.imageUser)) return undefined;
  const text = dockerfile(change);
  return {
    dockerfile: { text },
    args: {},
    cacheFrom: [],
    secrets: {},
    network: "none",
    labels: {},
    extraHosts: {},
    bases: [],
    inputs: sha256(text),
    classic: true,
  };
}

function dockerfile({ base, imageUser, user, uid, gid }: UidChange): string {
  const values: Record<string, string> = {
    USER: user,
    PATTERN: user.replaceAll(".", "\\."),
    UID: `${uid}`,
    GID: `${gid}`,
  };
  const script = SCRIPT.join(" \\\n").replaceAll(/@([A-Z]+)@/g, (_written, name: string) => values[name] as string);
  const last = imageUser === "" ? "" : `USER ${imageUser}\n`;
  return `FROM ${base}\nUSER root\nRUN ${script}\n${last}`;
}

/**
 * Reads `/etc/passwd` and `/etc/group` with the shell alone, then:
 * - no such user, or the IDs are the wanted ones: nothing;
 * - another user has the wanted user ID: nothing, because two users would be one;
 * - another group has the wanted group ID, or the user's group is root's: only the user ID changes;
 * - else both change, and what is in the home folder goes to the new IDs.
 * Files are written in place, so that their owner and mode stay.
 */
const SCRIPT = [
  "set -e; old=; taken=; group=@GID@;",
  'while IFS=: read -r name x uid own x home x || [ -n "$name" ]; do',
  '  if [ "$name" = \'@USER@\' ]; then [ -n "$old" ] || { old=$uid; from=$own; folder=$home; };',
  '  elif [ "$uid" = @UID@ ]; then taken=$name; fi;',
  "done < /etc/passwd;",
  "if [ -z \"$old\" ]; then echo 'devc: the image has no user @USER@'; exit 0; fi;",
  'if [ -n "$taken" ]; then echo "devc: $taken has the user ID @UID@; @USER@ keeps its own"; exit 0; fi;',
  'while IFS=: read -r name x gid x || [ -n "$name" ]; do',
  '  if [ "$gid" = @GID@ ] && [ "$gid" != "$from" ]; then group=$from; fi;',
  "done < /etc/group;",
  'if [ "$from" = 0 ]; then group=0; fi;',
  'if [ "$old" = @UID@ ] && [ "$from" = "$group" ]; then exit 0; fi;',
  "copy=/etc/devc-ids.$$;",
  'sed "s/^\\(@PATTERN@:[^:]*\\):$old:$from:/\\1:@UID@:$group:/" /etc/passwd > $copy; cat $copy > /etc/passwd;',
  'if [ "$from" != "$group" ]; then',
  '  sed "s/^\\([^:]*:[^:]*\\):$from:/\\1:$group:/" /etc/group > $copy; cat $copy > /etc/group;',
  "fi;",
  "rm -f $copy;",
  'case "$folder" in \'\'|/) ;; *) if [ -d "$folder" ]; then chown -hR "@UID@:$group" "$folder"; fi;; esac',
];
