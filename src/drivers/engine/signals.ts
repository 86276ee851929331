/** Names of Linux's signals, at their numbers (signal(7), the numbers of x86 and ARM). */
const NAMES =
  "HUP INT QUIT ILL TRAP ABRT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU URG XCPU " +
  "XFSZ VTALRM PROF WINCH IO PWR SYS";
const NUMBERS = new Map(NAMES.split(" ").map((name, index) => [name, index + 1]));
const [FIRST_REAL_TIME, LAST_REAL_TIME] = [34, 64];

/** The signal engines send to stop a container when nothing else is said. */
export const DEFAULT_STOP_SIGNAL = 15;

/**
 * Number of a signal of Linux, whose name may stand with or without `SIG` (`INT`, `SIGRTMIN+3`, `15`); undefined for a word
 * that names none. The host's own numbers may be others: containers run on the engine.
 */
export function signalNumber(text: string): number | undefined {
  if (/^\d+$/.test(text)) return Number(text) >= 1 && Number(text) <= LAST_REAL_TIME ? Number(text) : undefined;
  const name = text.toUpperCase().replace(/^SIG/, "");
  const [, end, sign, offset = "0"] = /^RT(MIN|MAX)(?:([+-])(\d+))?$/.exec(name) ?? [];
  if (end === undefined) return NUMBERS.get(name);
  const from = end === "MIN" ? FIRST_REAL_TIME : LAST_REAL_TIME;
  const number = from + (sign === "-" ? -1 : 1) * Number(offset);
  return number >= FIRST_REAL_TIME && number <= LAST_REAL_TIME ? number : undefined;
}
