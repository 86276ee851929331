import { posix } from "node:path";

import { NAME_EXPECTED, NAME_PATTERN } from "./manifest.ts";
import type { IssueText } from "./source.ts";
import {
  CPUS_EXPECTED,
  DURATION_EXPECTED,
  MEMORY_EXPECTED,
  memoryText,
  parseCpus,
  parseDuration,
  parseMemory,
} from "./units.ts";

/** A value in its normal form, or what is wrong with the way it is written. */
export type Read<Value> = { value: Value; issue?: undefined } | { issue: IssueText };

/** Below 6 MiB engines refuse a container (moby: daemon/daemon_unix.go, linuxMinMemory). */
const MIN_MEMORY = 6 * 1024 ** 2;

/** Engines count CPUs from 0.01 on. */
const MIN_NANO_CPUS = 1e7;

/** Name, then optional tag, then optional digest, as the distribution project's reference grammar has them. */
const COMPONENT = "[a-z0-9]+(?:(?:\\.|__?|-+)[a-z0-9]+)*";
const DOMAIN = "(?:[a-zA-Z0-9-]+(?:\\.[a-zA-Z0-9-]+)*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?";
const TAG = "[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";
const IMAGE = new RegExp(`^(?:${DOMAIN}/)?${COMPONENT}(?:/${COMPONENT})*(?::${TAG})?(?:@${DIGEST})?$`);
const MAX_IMAGE_LENGTH = 512;

const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*(:[A-Za-z0-9_][A-Za-z0-9_.-]*)?$/;

/** Bytes of a memory size within what engines accept. */
export function readMemory(written: string | number, minimum = MIN_MEMORY): Read<number> {
  const { value, problem } = parseMemory(written) as { value?: number; problem?: string };
  if (value === undefined)
    return { issue: { code: "invalid-memory", message: `${problem}`, expected: MEMORY_EXPECTED } };
  if (value >= minimum) return { value };
  const expected = `at least ${memoryText(minimum)}; a number without a unit counts bytes`;
  return { issue: { code: "out-of-range", message: `'${written}' is too little memory`, expected } };
}

/** Billionths of a CPU within what engines accept. */
export function readCpus(written: string | number): Read<number> {
  const { value, problem } = parseCpus(written) as { value?: number; problem?: string };
  if (value === undefined) return { issue: { code: "invalid-cpus", message: `${problem}`, expected: CPUS_EXPECTED } };
  if (value >= MIN_NANO_CPUS) return { value };
  return { issue: { code: "out-of-range", message: `'${written}' is too little of a CPU`, expected: "at least 0.01" } };
}

/** Shorter limits end every command; longer ones are none. */
const TIMEOUT_RANGE = { min: 1000, max: 24 * 3_600_000 };

/** Milliseconds of a limit on a command's time. */
export function readTimeout(written: string | number): Read<number> {
  const { value, problem } = parseDuration(written) as { value?: number; problem?: string };
  if (value === undefined)
    return { issue: { code: "invalid-duration", message: `${problem}`, expected: DURATION_EXPECTED } };
  if (value >= TIMEOUT_RANGE.min && value <= TIMEOUT_RANGE.max) return { value };
  const size = value < TIMEOUT_RANGE.min ? "short" : "long";
  return { issue: { code: "out-of-range", message: `'${written}' is too ${size}`, expected: "from 1s to 24h" } };
}

/** The name of a folder in `.devcontainer`: one part of a path. */
export function readDevcontainerName(written: string): Read<string> {
  if (!/[/\\]/.test(written) && written !== "." && written !== "..") return { value: written };
  const message = `'${written}' is not the name of a folder in .devcontainer`;
  return { issue: { code: "invalid-name", message, expected: "python for .devcontainer/python/devcontainer.json" } };
}

/** An image reference whose form engines accept; it is kept as written. */
export function readImage(written: string): Read<string> {
  if (written.length <= MAX_IMAGE_LENGTH && IMAGE.test(written)) return { value: written };
  const message = `'${written}' is not an image reference`;
  return {
    issue: { code: "invalid-image", message, expected: "a reference such as debian:bookworm-slim, in lower case" },
  };
}

/** `user`, `uid`, `user:group` or `uid:gid`. */
export function readUser(written: string | number): Read<string> {
  const value = String(written);
  if (USER.test(value)) return { value };
  return {
    issue: {
      code: "invalid-user",
      message: `'${value}' is not a user`,
      expected: "a user or uid, optionally with :group",
    },
  };
}

/**
 * The value of a variable. Numbers and booleans are taken as written; where YAML reads something else than what stands
 * there (1.10 is 1.1), the person must say which is meant.
 * @param source how it is written, when that differs from the value
 */
export function readEnv(value: string | number | boolean, source: string | undefined): Read<string> {
  if (typeof value === "string" || source === undefined) return { value: String(value) };
  const message = `${source} would become ${value}`;
  return { issue: { code: "ambiguous-value", message, expected: `"${source}" in quotes` } };
}

/** Folders whose content is the engine's, and why nothing else may appear there. */
const RESERVED_TARGETS = ["/proc", "/sys", "/dev"];
const ALLOWED_TARGETS: ReadonlySet<string> = new Set(["/dev/shm"]);

/** An absolute path in the sandbox, without trailing or double slashes. */
export function readTarget(written: string): Read<string> {
  if (!written.startsWith("/")) return refuseTarget(`'${written}' is not an absolute path`);
  if (written.split("/").some((part) => part === "." || part === ".."))
    return refuseTarget(`'${written}' has . or .. in it`);
  const target = posix.normalize(written).replace(/(.)\/$/, "$1");
  if (target === "/") return refuseTarget("nothing can be mounted over /");
  const reserved = RESERVED_TARGETS.find((folder) => target === folder || target.startsWith(`${folder}/`));
  if (reserved && !ALLOWED_TARGETS.has(target))
    return refuseTarget(`nothing can be mounted in ${reserved}, which is the engine's`);
  return { value: target };
}

function refuseTarget(message: string): { issue: IssueText } {
  return { issue: { code: "invalid-target", message, expected: "an absolute path in the sandbox, such as /data" } };
}

/** A mount as its parts are written: `kind` tells whether `source` is a host path or a volume's name. */
export type ShortMount = { kind: "bind" | "volume"; source: string; target: string; readOnly: boolean };

/** Reads `source:target[:ro|rw]`. As in Compose, only a source that begins with `.`, `/` or `~` is a host path. */
export function readShortMount(written: string): Read<ShortMount> {
  const [source, target, mode = "rw", ...rest] = written.split(":") as [string, string?, string?, ...string[]];
  if (source === "" || target === undefined || target === "" || rest.length > 0)
    return refuseMount(`'${written}' is not a mount`);
  if (mode !== "ro" && mode !== "rw") return refuseMount(`'${mode}' is not a mode of a mount`, "ro or rw");
  const kind = /^[./~]/.test(source) ? "bind" : "volume";
  if (kind === "volume" && !isName(source)) {
    return refuseMount(
      `'${source}' is neither a host path nor the name of a volume`,
      `./${source} for a folder; a volume's name has ${NAME_EXPECTED}`,
    );
  }
  return { value: { kind, source, target, readOnly: mode === "ro" } };
}

function refuseMount(message: string, expected = "source:target, optionally with :ro"): { issue: IssueText } {
  return { issue: { code: "invalid-mount", message, expected } };
}

/** Whether a text has the form of the names of workspaces, projects, profiles and volumes. */
export function isName(text: string): boolean {
  return new RegExp(NAME_PATTERN).test(text);
}
