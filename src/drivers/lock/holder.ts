/** Who holds a lock, as the holder itself says. */
export type LockHolder = {
  pid: number;
  /** The command, for example `apply`. */
  command: string;
  /** Milliseconds since the epoch. */
  startedAt: number;
};

/** A holder says no more than this; whoever sends more is not devc. */
export const MAX_GREETING_BYTES = 4096;

const PROTOCOL = "lock/1";
const MAX_COMMAND_LENGTH = 120;

/** The one line a holder sends to whoever connects to its lock. */
export function encodeGreeting(holder: LockHolder): string {
  return `${JSON.stringify({ devc: PROTOCOL, ...holder, command: printable(holder.command) })}\n`;
}

/**
 * Reads a greeting line. Undefined for anything devc does not write: any local process may sit on the other end, so the
 * answer is checked and its text made harmless before a person sees it.
 */
export function decodeGreeting(line: string): LockHolder | undefined {
  const value = parseObject(line);
  if (value?.["devc"] !== PROTOCOL) return undefined;
  const { pid, command, startedAt } = value;
  if (!isCount(pid) || pid === 0 || typeof command !== "string" || !isCount(startedAt)) return undefined;
  // 8.64e15 ms is the last moment a Date can hold.
  return startedAt > 8.64e15 ? undefined : { pid, command: printable(command), startedAt };
}

/** `apply, process 4242, since 2026-11-24T10:00:00.000Z`. */
export function describeHolder(holder: LockHolder): string {
  return `${holder.command}, process ${holder.pid}, since ${new Date(holder.startedAt).toISOString()}`;
}

/** Control and format characters could rewrite the terminal or reorder the line they stand in. */
function printable(text: string): string {
  return text.slice(0, MAX_COMMAND_LENGTH).replaceAll(/[\p{C}\p{Zl}\p{Zp}]/gu, "?");
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/** Text that is no JSON object is an answer of somebody else, not a failure of ours. */
function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
