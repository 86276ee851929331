/**
 * The known name a person most likely meant, or undefined when none is near: at most a third of the written name may
 * differ (edit distance, two swapped neighbours count as one edit; case ignored), and ties go to the first of `known`.
 */
export function nearest(written: string, known: Iterable<string>): string | undefined {
  const wanted = written.toLowerCase();
  if (wanted.length > 64) return undefined;
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const name of known) {
    const distance = editDistance(wanted, name.toLowerCase(), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [name, distance];
  }
  return best;
}

/** Optimal string alignment distance of two texts; any number >= `enough` means "not nearer than that". */
function editDistance(a: string, b: string, enough: number): number {
  if (Math.abs(a.length - b.length) >= enough) return enough;
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const current = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const substituted = (previous[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const swaps = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swapped = swaps ? (beforePrevious[j - 2] as number) + 1 : enough;
      current.push(Math.min(substituted, swapped, (previous[j] as number) + 1, (current[j - 1] as number) + 1));
    }
    if (Math.min(...current) > enough) return enough;
    [beforePrevious, previous] = [previous, current];
  }
  return previous[b.length] as number;
}
