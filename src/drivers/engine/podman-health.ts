import type { Driver } from "./driver.ts";
import { inspectRow } from "./inspect.ts";
import type { InspectRow } from "./inspect-row.ts";

/** Milliseconds a check may be late before nobody can be expected to make it. */
const SLACK_MS = 1_000;
const NANOSECONDS_PER_MS = 1e6;
/** Interval of checks that say none: Docker's default, 30 s. */
const DEFAULT_INTERVAL_NS = 30e9;

/**
 * Makes a health check that is overdue. Podman leaves checks to systemd; where none runs, a container would stay
 * `starting` for ever. GET /libpod/containers/{id}/healthcheck makes one check and records it.
 */
export async function checkHealth({ session, clock }: Driver, row: InspectRow): Promise<InspectRow> {
  const { Health, Running, StartedAt } = row.State;
  if (!Running || Health?.Status !== "starting") return row;
  const last = Date.parse(Health.Log?.at(-1)?.End ?? StartedAt);
  const interval = (row.Config.Healthcheck?.Interval || DEFAULT_INTERVAL_NS) / NANOSECONDS_PER_MS;
  if (clock.now() < last + interval + SLACK_MS) return row;
  const path = `/containers/${encodeURIComponent(row.Id)}/healthcheck`;
  await session.json({
    api: "libpod",
    method: "GET",
    path,
    what: `check the health of container ${row.Id}`,
    subject: row.Id,
  });
  return inspectRow(session, row.Id);
}
