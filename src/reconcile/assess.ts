import { compare } from "fast-json-patch";
import type { Operation } from "fast-json-patch";

import type { ContainerDetail, LiveContainer } from "../drivers/engine/engine.ts";
import type { DesiredSandbox } from "../model/desired.ts";
import { hashMatches } from "../model/hash.ts";
import { holdsPlaceholder } from "../model/host-values.ts";
import { sorted } from "../model/json.ts";
import { LABEL } from "../model/labels.ts";
import { containerName } from "../model/names.ts";
import type { ContainerSpec, ResourcesSpec } from "../model/spec.ts";
import { dearest, wayOf } from "./fields.ts";
import type { Cause, Way } from "./fields.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";
import type { Reason } from "./plan-types.ts";

/** A sandbox as the plan compares it: its spec and what only the live container can tell. */
export type SandboxView = Omit<ContainerSpec, "network"> & {
  name: string;
  state: "running" | "stopped" | "paused" | "dead";
  /** Absent on both sides when the wanted image is not present. */
  imageId?: string;
  network: { mode: string; networks?: Record<string, { aliases?: string[]; replaced?: true }> };
};

/** How one existing container differs from what is desired. */
export type Assessment = {
  before: SandboxView;
  after: SandboxView;
  patch: Operation[];
  reasons: Reason[];
  way: Way;
  /** What the security delta starts from: the last applied spec, so that healing is no loosening. */
  lastApplied: ContainerSpec;
  /** Limits the container really has. */
  resources: ResourcesSpec;
};

/** Finds every difference between a container of ours and what is desired for its address. Pure. */
export function assess(desired: DesiredSandbox, owned: OwnedContainer, live: Live, recorded: boolean): Assessment {
  const { container } = owned;
  if (isAsDesired(desired, owned, live)) return noDifference(desired);
  const coreMatches = hashMatches("core", container.labels[LABEL.core], desired.spec);
  const detail = live.details[container.id];
  const resources = detail ? (detail.spec.resources ?? {}) : (owned.spec.resources ?? {});
  const limitsDrift = hashMatches("live", container.labels[LABEL.live], desired.spec) && !recorded;
  const imageId = wantedImageId(desired, owned, live);
  const core = coreMatches ? desired.spec : owned.spec;
  const readBack = { ...(detail ? actual(core, detail) : core), image: owned.spec.image };
  const [liveId, wantedId] = imageId === undefined ? [{}, {}] : [{ imageId: container.imageId }, { imageId }];
  const [before, after] = inOrder(
    { ...viewOfLive(readBack, container, live, resources), ...liveId },
    { ...viewOfDesired(desired), ...wantedId },
  );
  const patch = compare(before, after, true);
  const changes = patch.filter(({ op }) => op !== "test");
  const causeOf = (path: string): Cause => {
    if (path.startsWith("/resources")) return limitsDrift ? "heal" : "change";
    return coreMatches ? "heal" : "change";
  };
  const found = changes.flatMap(expandResources(before, after)).map(({ op, path }) => {
    const cause = causeOf(path);
    return { way: wayOf(path, cause, op === "remove"), reason: reasonFor(path, op, cause, owned, before, after) };
  });
  const beyondRepair =
    Object.values(before.network.networks ?? {}).some(({ replaced }) => replaced) || before.state === "dead";
  const way = beyondRepair ? "replace" : dearest(found.map((difference) => difference.way));
  return {
    before,
    after,
    patch: way === "none" ? [] : patch,
    reasons: found.flatMap(({ reason }) => reason ?? []),
    way,
    lastApplied: { ...owned.spec, resources: limitsDrift ? (desired.spec.resources ?? {}) : resources },
    resources,
  };
}

/**
 * The common case, told without building anything: it was created from the very spec that is desired, its limits were not
 * looked at more closely, and nothing that a list shows differs. `assess` without it comes to the same answer.
 */
function isAsDesired(desired: DesiredSandbox, { container, spec }: OwnedContainer, live: Live): boolean {
  if (spec !== desired.spec || live.details[container.id] !== undefined) return false;
  if (container.name !== desired.name || stateOf(container) !== desired.state) return false;
  const image = live.images[spec.image];
  if (image && image.id !== container.imageId) return false;
  const attached = Object.keys(container.networks);
  if (spec.network.mode === "none") return attached.length === 0;
  const { networks } = spec.network;
  if (attached.length !== Object.keys(networks).length) return false;
  return attached.every((name) => {
    const id = container.networks[name]?.id;
    return Object.hasOwn(networks, name) && (id === "" || live.networks.some((network) => network.id === id));
  });
}

/** The views are built when somebody looks at them: nobody does for the many sandboxes that are as desired. */
function noDifference(desired: DesiredSandbox): Assessment {
  return {
    get before() {
      return viewOfDesired(desired);
    },
    get after() {
      return viewOfDesired(desired);
    },
    patch: [],
    reasons: [],
    way: "none",
    lastApplied: desired.spec,
    resources: desired.spec.resources ?? NO_LIMITS,
  };
}

const NO_LIMITS: ResourcesSpec = {};

/** What a sandbox looks like when nothing is left to do. */
export function viewOfDesired(desired: DesiredSandbox): SandboxView {
  return { ...desired.spec, name: desired.name, state: desired.state };
}

/**
 * Both views with their members sorted, so that the order in which an engine tells them never shows in a plan.
 * Equal views, by far the most, are left as they are.
 */
function inOrder(before: SandboxView, after: SandboxView): [SandboxView, SandboxView] {
  if (compare(before, after).length === 0) return [before, after];
  return [sorted(before), sorted(after)];
}

function viewOfLive(spec: ContainerSpec, container: LiveContainer, live: Live, resources: ResourcesSpec): SandboxView {
  const { resources: _stale, ...core } = spec;
  return {
    ...core,
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
    name: container.name,
    state: stateOf(container),
    network: liveNetwork(spec, container, live),
  };
}

function stateOf({ state }: LiveContainer): SandboxView["state"] {
  if (state === "running" || state === "restarting") return "running";
  if (state === "paused") return "paused";
  return state === "dead" || state === "removing" ? "dead" : "stopped";
}

/**
 * The attachments a container really has, in the words of its spec. A network of this workspace that is gone or was made
 * anew behind it counts as replaced: engines neither detach from it nor start with it.
 */
function liveNetwork(spec: ContainerSpec, container: LiveContainer, live: Live): SandboxView["network"] {
  const declared = spec.network.mode === "bridge" ? spec.network.networks : {};
  const present = new Set(live.networks.map(({ id }) => id));
  const ownNames = containerName(container.labels[LABEL.workspace] ?? "", "");
  const networks = Object.entries(container.networks).map(([name, { id }]) => {
    const stale = (Object.hasOwn(declared, name) || name.startsWith(ownNames)) && id !== "" && !present.has(id);
    return [name, stale ? { replaced: true as const } : (declared[name] ?? {})] as const;
  });
  const empty = networks.length === 0 && spec.network.mode === "none";
  return { mode: spec.network.mode, ...(empty ? {} : { networks: Object.fromEntries(networks) }) };
}

/** Maps of a spec to which an engine may add members of its own. */
const OPEN_MAPS: ReadonlySet<string> = new Set(["env", "mounts", "labels", "ulimits", "extraHosts", "groups"]);

/** Create-time fields as an inspect read them, restricted to what the spec declares; what must be absent stays comparable. */
function actual(core: ContainerSpec, { spec }: ContainerDetail): ContainerSpec {
  const read = spec as unknown as Record<string, unknown>;
  const declared = Object.entries(core).map(([field, wanted]) => {
    if (field === "image" || field === "network" || field === "resources") return [field, wanted];
    if (!OPEN_MAPS.has(field)) return [field, read[field]];
    const members = subset(read[field], Object.keys(wanted as object));
    return [field, field === "env" ? behindPlaceholders(core.env ?? {}, members) : members];
  });
  const unasked = (["capabilities", "noNewPrivileges"] as const).filter((field) => !(field in core) && field in spec);
  const entries = [...declared, ...unasked.map((field) => [field, spec[field]])].filter(
    ([, value]) => value !== undefined,
  );
  return Object.fromEntries(entries) as ContainerSpec;
}

/**
 * Variables that hold values of the host are taken to be what they were made with: the variables of a container cannot be
 * changed, and the value is not known here.
 */
function behindPlaceholders(
  wanted: Record<string, string>,
  found: Record<string, unknown> | undefined,
): Record<string, unknown> | undefined {
  if (!found) return undefined;
  const known = Object.entries(found).map(([name, value]) => {
    const text = wanted[name] ?? "";
    return [name, holdsPlaceholder(text) ? text : value];
  });
  return Object.fromEntries(known) as Record<string, unknown>;
}

function subset(value: unknown, keys: string[]): Record<string, unknown> | undefined {
  const source = (value ?? {}) as Record<string, unknown>;
  const kept = keys.filter((key) => Object.hasOwn(source, key)).map((key) => [key, source[key]]);
  return kept.length > 0 ? Object.fromEntries(kept) : undefined;
}

/**
 * The image the container should be made from; undefined when nothing tells: the reference is not present and the container
 * was made from the same reference, so it needs none. Another absent reference is wanted under a text no ID can have.
 */
function wantedImageId(desired: DesiredSandbox, owned: OwnedContainer, live: Live): string | undefined {
  const present = live.images[desired.spec.image];
  if (present) return present.id;
  return owned.spec.image === desired.spec.image ? undefined : "(known after pull)";
}

/** A whole `resources` member that comes or goes is judged limit by limit. */
function expandResources(
  before: SandboxView,
  after: SandboxView,
): (operation: Operation) => { op: string; path: string }[] {
  return ({ op, path }) => {
    if (path !== "/resources") return [{ op, path }];
    const limits = Object.keys((op === "remove" ? before.resources : after.resources) ?? {});
    return limits.map((limit) => ({ op, path: `/resources/${limit}` }));
  };
}

function reasonFor(
  path: string,
  op: string,
  cause: Cause,
  owned: OwnedContainer,
  before: SandboxView,
  after: SandboxView,
): Reason | undefined {
  const drift = cause === "heal" ? ({ drift: true } as const) : {};
  if (path === "/image") return undefined;
  if (path === "/imageId") return { code: "image-changed", path: "/image", detail: after.image };
  if (path === "/name") {
    return owned.role === "renamed"
      ? { code: "renamed", path, detail: before.name, drift: true }
      : { code: "interrupted", detail: before.name };
  }
  if (path === "/state") return stateReason(owned, before, after);
  if (path.startsWith("/network/networks") && cause === "heal") return attachmentReason(path, op, before);
  const lifted = op === "remove" && /^\/resources\/(memory|nanoCpus)$/.test(path);
  return lifted ? { code: "limit-lifted", path, ...drift } : { code: "field-changed", path, ...drift };
}

/**
 * The wanted state is not part of any label, so who caused a difference is inferred: a container that runs against the
 * manifest was most likely asked to stop by it, one that does not run was most likely stopped by somebody.
 */
function stateReason({ container }: OwnedContainer, before: SandboxView, after: SandboxView): Reason {
  if (before.state === "dead") return { code: "dead", path: "/state", drift: true };
  if (after.state === "stopped") return { code: "running", path: "/state" };
  if (before.state === "paused") return { code: "paused", path: "/state", drift: true };
  if (container.state === "created") return { code: "interrupted", path: "/state", detail: "it was never started" };
  return { code: "stopped", path: "/state", drift: true };
}

function attachmentReason(path: string, op: string, before: SandboxView): Reason {
  const name = path.split("/")[3]?.replaceAll("~1", "/").replaceAll("~0", "~");
  const detail = name ?? Object.keys(before.network.networks ?? {}).join(", ");
  const replaced = name !== undefined && before.network.networks?.[name]?.replaced;
  if (replaced) return { code: "network-replaced", path: "/network/networks", detail, drift: true };
  return { code: op === "remove" ? "network-connected" : "network-missing", path, detail, drift: true };
}
