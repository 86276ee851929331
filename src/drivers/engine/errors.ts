import { DevcError } from "../../model/errors.ts";
import type { ErrorCode } from "../../model/errors.ts";
import type { Endpoint } from "./endpoint.ts";

/** What a request is for, in words that finish "the engine could not …". */
export type Purpose = {
  /** `create container devc-acme-web`. */
  what: string;
  /** The object concerned. */
  subject?: string;
};

/** An answer of the engine that is no success. */
export type Refusal = Purpose & { method: string; path: string; status: number; body: string };

/**
 * What the engine's words mean where its status does not tell: Podman answers 500 to most things, Docker 403 to a network
 * in use. The first match wins; what matches none goes by the status.
 */
const MEANINGS: [RegExp, ErrorCode][] = [
  [/no such image|image not known|failed to find image/i, "image-not-found"],
  [/already in use|already exists|already used|already connected|UNIQUE constraint failed/i, "engine-conflict"],
  [/has active endpoints|is being used|is in use|has associated containers|dependent containers/i, "engine-conflict"],
  [/removal of container .* is already in progress/i, "engine-conflict"],
  [/network .*not found|unable to find network/i, "not-found"],
  [/no such (container|volume|network|exec)|no container with|no volume with/i, "not-found"],
  [/statfs .*: (no such file or directory|not a directory)|invalid network mode/i, "engine-rejected"],
  [/lookup init binary|docker-init|catatonit/i, "engine-rejected"],
  [/command that was not found|attempted to invoke a command|executable file not found/i, "engine-rejected"],
  [/container state improper/i, "engine-conflict"],
];

/** What to do about words that a person cannot do much with. */
const WORD_HINTS: [RegExp, string][] = [
  [
    /lookup init binary|docker-init|catatonit/,
    "the engine's own init (docker-init of Docker, catatonit of Podman) is not installed where the engine runs: install it, or do without init",
  ],
];

const BY_STATUS: Record<number, ErrorCode> = { 400: "engine-rejected", 404: "not-found", 409: "engine-conflict" };

/** The error for an answer with a status of 400 or more. Docker Engine API: `{message}`; Podman adds `cause`. */
export function refusalError(refusal: Refusal): DevcError {
  const { subject, method, path, status } = refusal;
  const words = wordsOf(refusal.body) || `status ${status} without a word`;
  const code = MEANINGS.find(([pattern]) => pattern.test(words))?.[1] ?? BY_STATUS[status] ?? "engine-error";
  const hint = WORD_HINTS.find(([pattern]) => pattern.test(words))?.[1];
  return new DevcError(code, `the engine could not ${brief(refusal.what)}: ${words}`, {
    ...(subject === undefined ? {} : { subject }),
    ...(hint === undefined ? {} : { hint }),
    details: [`${method} ${path} answered ${status}: ${words}`],
  });
}

/** IDs as people know them: their first twelve digits. */
function brief(text: string): string {
  return text.replaceAll(/\b[0-9a-f]{64}\b/g, (id) => id.slice(0, 12));
}

/** The engine's own words in the body of an error: its message, in one line. */
function wordsOf(body: string): string {
  let message: unknown = body;
  try {
    const parsed: unknown = JSON.parse(body);
    if (parsed !== null && typeof parsed === "object") message = (parsed as { message?: unknown }).message;
  } catch (error) {
    // Proxies and old servers answer in plain text, which then is the message.
    if (!(error instanceof SyntaxError)) throw error;
  }
  return typeof message === "string" ? message.trim().replaceAll(/\s*\n\s*/g, " ") : "";
}

/** Why a connection failed, by Node's error code. */
const CONNECTION_WORDS: Record<string, string> = {
  ENOENT: "no such socket",
  ECONNREFUSED: "nothing listens there",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ECONNRESET: "the connection broke",
  EPIPE: "the connection broke",
  ETIMEDOUT: "it does not answer",
  ENOTFOUND: "its host name does not resolve",
  EAI_AGAIN: "its host name does not resolve now",
  EHOSTUNREACH: "its host cannot be reached",
  ENETUNREACH: "its network cannot be reached",
  ENOTSOCK: "it is no socket",
};

const HINTS: Record<string, string> = {
  EACCES: "join the group that owns the socket (often `docker`), or use a rootless engine",
  ENOENT: "is the engine running?",
  ECONNREFUSED: "is the engine running?",
};

/** Why a connection failed, for people. */
export function connectionWords(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  return (code !== undefined && CONNECTION_WORDS[code]) || message || String(cause);
}

/** The error for a connection that failed or broke. */
export function connectionError(endpoint: Endpoint, purpose: Purpose, cause: unknown): DevcError {
  if (cause instanceof DevcError) return cause;
  if ((cause as Error).name === "AbortError") {
    return new DevcError("interrupted", `stopped on request while devc wanted to ${brief(purpose.what)}`, { cause });
  }
  const { code } = cause as NodeJS.ErrnoException;
  const hint = code === undefined ? undefined : HINTS[code];
  const message = `the engine at ${endpoint.url} (${endpoint.origin}) cannot be reached: ${connectionWords(cause)}`;
  return new DevcError("engine-unreachable", message, {
    subject: endpoint.url,
    details: [`devc wanted to ${brief(purpose.what)}`],
    ...(hint === undefined ? {} : { hint }),
    cause,
  });
}

/** Whether an error is a `DevcError` with one of the codes. */
export function hasCode(error: unknown, ...codes: ErrorCode[]): error is DevcError {
  return error instanceof DevcError && codes.includes(error.code);
}

/** The result, or `otherwise` when the object is not there. */
export async function unlessGone<T, U>(work: Promise<T>, otherwise: U): Promise<T | U> {
  try {
    return await work;
  } catch (error) {
    if (hasCode(error, "not-found", "image-not-found")) return otherwise;
    throw error;
  }
}
