import type { Driver } from "./driver.ts";
import type { EngineEvent } from "./engine.ts";
import { connectionError } from "./errors.ts";
import { jsonLines } from "./json-lines.ts";
import { bareName } from "./list-row.ts";

/** A line of GET /events, as both engines have it. */
type EventLine = {
  Type?: string;
  Action?: string;
  Actor?: { ID?: string; Attributes?: Record<string, string> | null };
  /** Seconds since the epoch. */
  time?: number;
  timeNano?: number;
};

const KINDS: readonly string[] = ["container", "network", "volume", "image"] satisfies EngineEvent["kind"][];

/** Actions that change something, by the engine's word. Execs, health probes, mounts and Podman's inner steps do not. */
const ACTIONS: Record<string, string> = {
  create: "create",
  start: "start",
  restart: "restart",
  stop: "stop",
  die: "die",
  died: "die",
  kill: "kill",
  oom: "oom",
  pause: "pause",
  unpause: "unpause",
  rename: "rename",
  update: "update",
  health_status: "health_status",
  destroy: "destroy",
  remove: "destroy",
  connect: "connect",
  disconnect: "disconnect",
  pull: "pull",
  tag: "tag",
  untag: "untag",
  import: "import",
  load: "load",
  loadfromarchive: "load",
  delete: "delete",
};

/** Attributes that tell of the event itself; the others are labels. */
const OWN_ATTRIBUTES = new Set([
  "name",
  "image",
  "exitCode",
  "containerExitCode",
  "execDuration",
  "signal",
  "oldName",
  "driver",
  "type",
  "container",
  "podId",
]);

/** Follows GET /events until `signal` aborts. @throws DevcError `engine-unreachable` when the stream breaks or ends by itself */
export async function* followEvents({ session, dockerode }: Driver, signal: AbortSignal): AsyncGenerator<EngineEvent> {
  if (signal.aborted) return;
  const purpose = { what: "follow the engine's events" };
  try {
    const docker = await dockerode(purpose);
    // Podman 4 knows no network events and refuses to be asked for them by type.
    const filters = { event: Object.keys(ACTIONS) };
    const stream = await docker.getEvents({ _query: { filters }, abortSignal: signal });
    for await (const line of jsonLines(stream)) {
      const event = eventOf(line as EventLine);
      if (event) yield event;
    }
  } catch (error) {
    if (signal.aborted) return;
    throw connectionError(session.transport.endpoint, purpose, error);
  }
  if (!signal.aborted) throw connectionError(session.transport.endpoint, purpose, new Error("the event stream ended"));
}

/** One line in devc's words; undefined for what changes nothing. */
export function eventOf({ Type, Action, Actor, time = 0, timeNano }: EventLine): EngineEvent | undefined {
  // `health_status: healthy` and `exec_start: sh -c …` carry more behind the word.
  const word = Action?.split(":", 1)[0] ?? "";
  const action = Object.hasOwn(ACTIONS, word) ? ACTIONS[word] : undefined;
  if (action === undefined || Type === undefined || !KINDS.includes(Type)) return undefined;
  const attributes = Object.entries(Actor?.Attributes ?? {});
  const name = Actor?.Attributes?.["name"];
  return {
    kind: Type as EngineEvent["kind"],
    action: Type === "image" && action === "destroy" ? "delete" : action,
    // Podman identifies volumes by nothing but their name.
    id: Actor?.ID || (name ?? ""),
    ...(name ? { name: bareName(name) } : {}),
    labels: Object.fromEntries(attributes.filter(([key]) => !OWN_ATTRIBUTES.has(key))),
    time: timeNano === undefined ? time * 1000 : Math.floor(timeNano / 1e6),
  };
}
