import { eventText } from "../event-text.ts";
import { jsonText } from "../json-text.ts";
import { maskSecrets } from "../secrets.ts";
import type { Progress, ProgressOptions } from "./progress.ts";
import type { EventLine } from "../documents/events.ts";

/** The middle of a `devc.events/1` stream: one JSON object per line. What stands before it is in event-lines.ts. */
export function jsonProgress({ stream, clock }: ProgressOptions): Progress {
  const write = (line: EventLine): void => void stream.write(`${jsonText(line)}\n`);
  return {
    emit: (event) => {
      const at = new Date(clock.now()).toISOString();
      write({ ...maskSecrets(event), at, text: eventText(event) });
    },
    aside: () => {},
    close: () => {},
  };
}
