import type { ApplyEvent } from "../../reconcile/events.ts";
import type { Op } from "../../reconcile/plan-types.ts";
import { eventText } from "../event-text.ts";
import type { Progress, ProgressOptions } from "./progress.ts";

/** One line per step, for logs: no cursor movement, no colours of its own. */
export function plainProgress({ stream }: ProgressOptions): Progress {
  const shown = new Set<ApplyEvent["type"]>(["op_start", "op_output", "op_failed", "op_undo", "resource_done"]);
  return {
    emit: (event) => {
      if (event.type === "op_output" && isOwnLayer(event.op)) return;
      if (shown.has(event.type)) stream.write(`${eventText(event)}\n`);
    },
    aside: (text) => void stream.write(text),
    close: () => {},
  };
}

/** A build of devc's own text, not of anybody's Dockerfile: what it prints says nothing unless it fails, and then the error does. */
function isOwnLayer(op: Op): boolean {
  return op.op === "image.build" && "text" in op.build.dockerfile;
}
