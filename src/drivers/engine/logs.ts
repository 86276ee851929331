import { PassThrough } from "node:stream";
import { buffer } from "node:stream/consumers";

import { demultiplex } from "./demux.ts";
import { connectionError } from "./errors.ts";
import { queryOf } from "./query.ts";
import type { Session } from "./session.ts";
import { READ_TIMEOUT_MS } from "./transport.ts";

/** The last lines of both outputs, oldest first: GET /containers/{id}/logs, whose frames hold whole lines. */
export async function logTail(session: Session, id: string, lines: number): Promise<string[]> {
  const query = queryOf({ stdout: true, stderr: true, tail: lines });
  const path = `/containers/${encodeURIComponent(id)}/logs${query}`;
  const purpose = { what: `read the log of container ${id}`, subject: id };
  const response = await session.send({ method: "GET", path, ...purpose, timeoutMs: READ_TIMEOUT_MS });
  const both = new PassThrough();
  const [text] = await Promise.all([
    buffer(both),
    demultiplex(response, both, both).then(
      () => both.end(),
      (error: unknown) => {
        both.destroy();
        throw connectionError(session.transport.endpoint, purpose, error);
      },
    ),
  ]);
  const all = text.toString().split("\n");
  if (all.at(-1) === "") all.pop();
  return lines === 0 ? [] : all.slice(-lines);
}
