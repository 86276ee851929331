import type { InspectRow } from "./inspect-row.ts";
import type { Session } from "./session.ts";
import { READ_TIMEOUT_MS } from "./transport.ts";

/**
 * The engine's record of a container.
 * @throws DevcError `not-found`
 */
export function inspectRow(session: Session, id: string): Promise<InspectRow> {
  const path = `/containers/${encodeURIComponent(id)}/json`;
  return session.json({
    method: "GET",
    path,
    what: `inspect container ${id}`,
    subject: id,
    timeoutMs: READ_TIMEOUT_MS,
  });
}
