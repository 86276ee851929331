import type { Progress, ProgressOptions } from "./progress.ts";

/** Shows nothing. */
export function quietProgress({ stream }: ProgressOptions): Progress {
  return { emit: () => {}, aside: (text) => void stream.write(text), close: () => {} };
}
