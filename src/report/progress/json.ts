import type { EventLine } from "../documents/events.ts";
import { eventText } from "../event-text.ts";
import { jsonText } from "../json-text.ts";
import { planDocumentOf } from "../plan-json.ts";
import { maskSecrets } from "../secrets.ts";
import type { Progress, ProgressOptions } from "./progress.ts";

/** `devc.events/1`: one JSON object per line, the first names the format. */
export function jsonProgress({ stream, clock, view }: ProgressOptions): Progress {
  const write = (line: EventLine): void => void stream.write(`${jsonText(line)}\n`);
  const at = (): string => new Date(clock.now()).toISOString();
  write({ type: "version", format: "devc.events/1", devc: view.version });
  write({ type: "plan", at: at(), text: "plan", plan: planDocumentOf(view) });
  return {
    emit: (event) => write({ ...maskSecrets(event), at: at(), text: eventText(event) }),
    aside: () => {},
    close: () => {},
  };
}
