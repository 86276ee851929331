import type { ApplyEvent } from "../../reconcile/events.ts";
import { eventText } from "../event-text.ts";
import type { Progress, ProgressOptions } from "./progress.ts";

/** One line per step, for logs: no cursor movement, no colours of its own. */
export function plainProgress({ stream }: ProgressOptions): Progress {
  const shown = new Set<ApplyEvent["type"]>(["op_start", "op_failed", "op_undo", "resource_done"]);
  return {
    emit: (event) => {
      if (shown.has(event.type)) stream.write(`${eventText(event)}\n`);
    },
    aside: (text) => void stream.write(text),
    close: () => {},
  };
}
