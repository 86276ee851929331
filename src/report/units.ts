const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes for people: `4 GiB`, `1.5 MiB`; at most two decimals, exact sizes stay exact. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < BINARY.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${trim(value, 2)} ${BINARY[unit]}`;
}

/** Billionths of a CPU for people: `2`, `0.5`. */
export function formatCpus(nanoCpus: number): string {
  return trim(nanoCpus / 1e9, 9);
}

/** Milliseconds for people: `118 ms`, `4.2 s`, `3 min 5 s`, `2 h 4 min`, `3 d 1 h`. */
export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  const seconds = ms / 1000;
  if (seconds < 59.95) return `${trim(seconds, 1)} s`;
  const whole = Math.round(seconds);
  if (whole < 3600) return twoUnits(whole, 60, "min", 1, "s");
  return whole < 86_400 ? twoUnits(whole, 3600, "h", 60, "min") : twoUnits(whole, 86_400, "d", 3600, "h");
}

function twoUnits(seconds: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((seconds % large) / small);
  return `${Math.floor(seconds / large)} ${largeName}${rest > 0 ? ` ${rest} ${smallName}` : ""}`;
}

function trim(value: number, decimals: number): string {
  return value.toFixed(decimals).replace(/\.?0+$/, "");
}

/** `1 volume`, `2 volumes`. */
export function plural(count: number, noun: string, many = `${noun}s`): string {
  return `${count} ${count === 1 ? noun : many}`;
}
