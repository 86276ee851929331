/** Sizes and CPU counts as people write them, and exactly what they mean. */

/** A number read from a text, or why it is none. */
export type UnitResult = { value: number; problem?: undefined } | { problem: string };

/** Form of a memory size: a number, then optionally a unit. Shared with the JSON Schema. */
export const MEMORY_PATTERN = "^[0-9]+(\\.[0-9]+)? ?([bB]|[kKmMgGtT]([iI]?[bB]|[iI])?)?$";

/** What to write, for messages. */
export const MEMORY_EXPECTED = "a size such as 512MiB or 4GiB (units b, k, m, g, t are powers of 1024)";

/** What to write, for messages. */
export const CPUS_EXPECTED = "a number such as 2 or 0.5, at most 9 decimals";

/** Form of a duration: a number, then optionally a unit. Shared with the JSON Schema. */
export const DURATION_PATTERN = "^[0-9]+(\\.[0-9]+)?(s|m|h)?$";

/** What to write, for messages. */
export const DURATION_EXPECTED = "a number with s, m or h, such as 90s or 10m, or a number of seconds";

/** Milliseconds by unit; a bare number counts seconds. */
const DURATIONS: Record<string, number> = { s: 1000, m: 60_000, h: 3_600_000 };

/** Powers of 1024 by the first letter of the unit. */
const POWERS: Record<string, bigint> = { b: 0n, k: 1n, m: 2n, g: 3n, t: 4n };

const NANO_DIGITS = 9;

/**
 * Bytes of a memory size: a whole number of bytes, or a text with a unit. As in Docker and Compose every unit is a power of
 * 1024 whatever its spelling: `k`, `K`, `KB`, `Ki` and `KiB` are all 1024 bytes. Fractions must come out as whole bytes.
 */
export function parseMemory(written: string | number): UnitResult {
  const match = new RegExp(MEMORY_PATTERN).exec(plainNumber(written));
  if (!match) return { problem: `'${written}' is not a memory size` };
  const [number] = match[0].split(/[ a-zA-Z]/, 1) as [string];
  const power = POWERS[(match[2] ?? "b").charAt(0).toLowerCase()] as bigint;
  const { digits, scale } = decimal(number);
  const scaled = digits * 1024n ** power;
  if (scaled % scale !== 0n) return { problem: `'${written}' is not a whole number of bytes` };
  const bytes = scaled / scale;
  if (bytes > BigInt(Number.MAX_SAFE_INTEGER)) return { problem: `'${written}' is more memory than there is` };
  return { value: Number(bytes) };
}

/** Billionths of a CPU of a CPU count: a number or the same as a text, at most 9 decimals. */
export function parseCpus(written: string | number): UnitResult {
  const text = plainNumber(written);
  if (!/^[0-9]+(\.[0-9]+)?$/.test(text)) return { problem: `'${written}' is not a number of CPUs` };
  const { digits, scale } = decimal(text);
  const scaled = digits * 10n ** BigInt(NANO_DIGITS);
  if (scaled % scale !== 0n) return { problem: `'${written}' has more than ${NANO_DIGITS} decimals` };
  const nano = scaled / scale;
  if (nano > BigInt(Number.MAX_SAFE_INTEGER)) return { problem: `'${written}' is more CPUs than there are` };
  return { value: Number(nano) };
}

/** Milliseconds of a duration, rounded: a number of seconds, or a text with a unit. */
export function parseDuration(written: string | number): UnitResult {
  const match = new RegExp(DURATION_PATTERN).exec(plainNumber(written));
  if (!match) return { problem: `'${written}' is not a duration` };
  return { value: Math.round(Number.parseFloat(match[0]) * (DURATIONS[match[2] ?? "s"] as number)) };
}

/** A size for people: the largest unit that leaves at least one, at most one decimal: `1.5 GiB`. */
export function memoryText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(units.length - 1, Math.floor(Math.log2(Math.max(bytes, 1)) / 10));
  return `${Math.round((bytes / 1024 ** power) * 10) / 10} ${units[power]}`;
}

/** JavaScript writes small and large numbers with an exponent; their decimals are what was meant. */
function plainNumber(written: string | number): string {
  if (typeof written === "string") return written;
  const text = String(written);
  return text.includes("e-") ? written.toFixed(20).replace(/0+$/, "") : text;
}

function decimal(text: string): { digits: bigint; scale: bigint } {
  const [whole, fraction = ""] = text.split(".") as [string, string?];
  return { digits: BigInt(whole + fraction), scale: 10n ** BigInt(fraction.length) };
}
