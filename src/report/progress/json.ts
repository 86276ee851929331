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
      const text = eventText(event);
      if (event.type !== "op_output") return write({ ...maskSecrets(event), at, text });
      // An operation in full with every line would be most of the stream.
      const { op, line } = event;
      return write({ type: "op_output", at, text, n: op.n, address: op.address, line });
    },
    aside: () => {},
    close: () => {},
  };
}
