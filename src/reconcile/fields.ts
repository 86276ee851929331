/**
 * What a change of a field costs. Cheapest first; a resource's action is the dearest way among its changed fields.
 * `update`, `connect`, `rename`, `start` and `stop` keep the container and everything that runs in it.
 */
export const WAYS = ["none", "rename", "update", "connect", "start", "stop", "replace"] as const;

/** One of `WAYS`. */
export type Way = (typeof WAYS)[number];

type FieldRule = {
  /** JSON pointer; `*` stands for one segment, a trailing `/**` for the field and everything below it. */
  pattern: string;
  /** The manifest changes the field. */
  change: Way;
  /** The live container differs from what devc last applied. */
  heal: Way;
  /** The value is taken away, where that costs more than changing it. */
  lift?: Way;
};

/**
 * The one table of field costs. Engines cannot lift a memory or CPU cap in place: zero means "no change" in
 * `POST /containers/{id}/update` (moby daemon/update.go); a pids cap can be lifted, -1 means unlimited.
 * Attachments change in place only as repair: a declared change is part of the core hash, whose label is immutable.
 */
const FIELDS: FieldRule[] = [
  { pattern: "/name", change: "rename", heal: "rename" },
  { pattern: "/state", change: "start", heal: "start" },
  { pattern: "/image", change: "none", heal: "none" }, // the ID decides: a new reference to the same image costs nothing
  { pattern: "/imageId", change: "replace", heal: "replace" },
  { pattern: "/resources/memory", change: "update", heal: "update", lift: "replace" },
  { pattern: "/resources/nanoCpus", change: "update", heal: "update", lift: "replace" },
  { pattern: "/resources/pids", change: "update", heal: "update" },
  { pattern: "/network/networks/**", change: "replace", heal: "connect" },
  { pattern: "/network/**", change: "replace", heal: "replace" },
  { pattern: "/entrypoint/**", change: "replace", heal: "replace" },
  { pattern: "/command/**", change: "replace", heal: "replace" },
  { pattern: "/env/**", change: "replace", heal: "replace" },
  { pattern: "/user", change: "replace", heal: "replace" },
  { pattern: "/workdir", change: "replace", heal: "replace" },
  { pattern: "/hostname", change: "replace", heal: "replace" },
  { pattern: "/mounts/**", change: "replace", heal: "replace" },
  { pattern: "/capabilities/**", change: "replace", heal: "replace" },
  { pattern: "/noNewPrivileges", change: "replace", heal: "replace" },
  { pattern: "/runtime", change: "replace", heal: "replace" },
  { pattern: "/init", change: "replace", heal: "replace" },
  { pattern: "/gpus", change: "replace", heal: "replace" },
  { pattern: "/shmSize", change: "replace", heal: "replace" },
  { pattern: "/ulimits/**", change: "replace", heal: "replace" },
  { pattern: "/extraHosts/**", change: "replace", heal: "replace" },
  { pattern: "/groups/**", change: "replace", heal: "replace" },
  { pattern: "/labels/**", change: "replace", heal: "replace" },
  { pattern: "/stopSignal", change: "replace", heal: "replace" },
  { pattern: "/readOnlyRoot", change: "replace", heal: "replace" },
];

/** How a field came to differ: see `FIELDS`. */
export type Cause = "change" | "heal";

/**
 * The cheapest way to bring a field to its wanted value.
 * @param path JSON pointer into the spec
 * @param lifted the field is wanted absent
 * @throws when the table does not know the field: a new field must say what it costs
 */
export function wayOf(path: string, cause: Cause, lifted: boolean): Way {
  const rule = FIELDS.find(({ pattern }) => matches(pattern, path));
  if (!rule) throw new Error(`internal: the field table does not know ${path}`);
  return lifted && rule.lift !== undefined ? rule.lift : rule[cause];
}

/** The dearest of several ways. */
export function dearest(ways: Way[]): Way {
  return ways.reduce<Way>((top, way) => (WAYS.indexOf(way) > WAYS.indexOf(top) ? way : top), "none");
}

function matches(pattern: string, path: string): boolean {
  if (!pattern.endsWith("/**")) return pattern === path;
  const field = pattern.slice(0, -"/**".length);
  return path === field || path.startsWith(`${field}/`);
}
