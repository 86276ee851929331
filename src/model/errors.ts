/**
 * Every error a person can meet, by stable code. Scripts match on codes, never on texts.
 * The exit status of each is in `EXIT_OF_ERROR`.
 */
export type ErrorCode =
  | "usage" // wrong command line
  | "manifest-not-found"
  | "manifest-invalid" // one or more located issues
  | "workspace-root-conflict" // same workspace name on this engine from another folder
  | "engine-not-found" // no endpoint answered
  | "engine-unreachable" // the connection broke or was refused
  | "engine-error" // the engine answered with an error we do not know better
  | "engine-conflict" // 409: name taken, in use
  | "engine-rejected" // 400: the engine does not accept the request
  | "image-not-found"
  | "build-failed" // a step of a Dockerfile
  | "hook-failed" // a command of a devcontainer.json
  | "not-found" // 404: an object is gone
  | "container-failed" // a candidate stopped or stayed unhealthy
  | "apply-failed" // some changes failed and none succeeded
  | "apply-partial" // some changes failed, others succeeded
  | "plan-stale"
  | "plan-invalid" // a saved plan that does not parse
  | "locked"
  | "lock-failed" // the lock itself cannot be made: folder not writable, path too long
  | "state-failed" // what must last cannot be kept: the state folder is not writable
  | "refused" // a guard: protect, mass delete, unapproved loosening, no terminal to ask on
  | "project-unknown"
  | "sandbox-not-running"
  | "interrupted"
  | "internal";

/** Process exit statuses; the table is printed by `devc --help`. */
export const EXIT = {
  ok: 0,
  error: 1,
  changes: 2,
  partial: 3,
  stale: 4,
  locked: 5,
  refused: 6,
  usage: 64,
  interrupted: 130,
} as const;

/** One of the exit statuses of `EXIT`. */
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

const EXIT_OF_ERROR: Partial<Record<ErrorCode, ExitCode>> = {
  usage: EXIT.usage,
  "manifest-not-found": EXIT.usage,
  "manifest-invalid": EXIT.usage,
  "project-unknown": EXIT.usage,
  "plan-invalid": EXIT.usage,
  "apply-partial": EXIT.partial,
  "plan-stale": EXIT.stale,
  locked: EXIT.locked,
  refused: EXIT.refused,
  interrupted: EXIT.interrupted,
};

/** The exit status an error ends the process with; codes without an entry are plain errors (1). */
export function exitCodeOf(code: ErrorCode): ExitCode {
  return EXIT_OF_ERROR[code] ?? EXIT.error;
}

/** A place in a text file. Lines and columns count from 1. */
export type Position = { file: string; line: number; column: number; source?: string };

/** One thing wrong with a file, with everything a person needs to mend it. */
export type Issue = {
  /** Stable kebab-case code, for example `unknown-key`. */
  code: string;
  /** What is wrong, naming the object. */
  message: string;
  /** Where; absent only when the whole file is meant. */
  position?: Position;
  /** What was expected there. */
  expected?: string;
  /** The nearest valid name, when one is near. */
  suggestion?: string;
};

/** What an error carries besides its message. */
export type ErrorDetails = {
  /** What to do next, as a command or a sentence. */
  hint?: string;
  /** The object concerned: an address, a path, an endpoint. */
  subject?: string;
  /** Located issues, for errors about files. */
  issues?: Issue[];
  /** Further lines: log tails, places tried. */
  details?: string[];
  cause?: unknown;
};

/** An expected failure. Anything else that is thrown is a bug and is shown with its stack. */
export class DevcError extends Error {
  override readonly name = "DevcError";
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly subject: string | undefined;
  readonly issues: Issue[];
  readonly details: string[];

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.subject = details.subject;
    this.issues = details.issues ?? [];
    this.details = details.details ?? [];
  }
}
