import type { EngineCapacity } from "../compile.ts";
import { readAddedCapability, readDroppedCapability } from "../capabilities.ts";
import type { Capability } from "../capabilities.ts";
import { LIMIT_KEYS, LIMITS } from "../limits.ts";
import type { Limit } from "../limits.ts";
import type { ManifestProject } from "../manifest.ts";
import type { NetworkMode } from "../profiles.ts";
import type { ContainerSpec, ResourcesSpec } from "../spec.ts";
import { isLimitWithin } from "../tighten.ts";
import { memoryText } from "../units.ts";
import type { Asked } from "./asked.ts";
import type { From, Notes } from "./notes.ts";

/** Whose posture decides, and where what is not granted is noted. */
export type Grantor = { project: ManifestProject; notes: Notes };

/**
 * The one table of what can exceed a profile: by kind, the line of devc.yaml that grants it, or with `never` why no line does.
 * Host paths are decided in `grant-mounts.ts`.
 */
const LINES = {
  privileged: () => never("it switches off everything that keeps the sandbox from the host"),
  capability: ({ name }: ManifestProject, capability: string) =>
    `projects.${name}.capabilities: { add: [${capability}] }`,
  securityOption: () => never("a sandbox keeps the engine's own confinement, and only ever gains no-new-privileges"),
  newPrivileges: () => never("it would take back the profile's no-new-privileges"),
  network: ({ name }: ManifestProject) => `projects.${name}.profile: one with network: { mode: open }`,
  otherNetwork: () => never("a sandbox is on no network but its own"),
  limit: ({ name }: ManifestProject, limit: string) => `projects.${name}.resources: { ${limit} }`,
  noLimit: ({ name }: ManifestProject) => `projects.${name}.profile: one without the limit`,
  priority: () => never("it would let the sandbox's programs run before the host's"),
  gpus: ({ name }: ManifestProject) => `projects.${name}.profile: moderate, or one that extends it`,
  runtime: ({ name }: ManifestProject, runtime: string) => `projects.${name}.runtime: ${runtime}`,
} as const;

/** The hint for what no line of devc.yaml grants. */
export function never(why: string): string {
  return `no line of devc.yaml grants this: ${why}`;
}

/** Notes everything asked for that no profile ever gives. */
export function refuseExceeding(asked: Asked, { notes }: Grantor): void {
  if (asked.privileged) notes.notGranted("privileged", asked.privileged.from, LINES.privileged());
  for (const { value, from } of asked.exceeding) notes.notGranted(value.what, from, never(value.why));
}

/**
 * The set of capabilities: the profile's without those that are dropped; what is added must be in the profile's set. As
 * `docker run` has it, adding wins over dropping.
 */
export function grantCapabilities(asked: Asked, { project, notes }: Grantor): readonly Capability[] {
  const { capabilities } = project.posture;
  const dropped = new Set(asked.capDrop.flatMap((each) => capability(each, readDroppedCapability, notes)));
  const added = new Set<string>();
  for (const each of asked.capAdd) {
    const read = readAddedCapability(each.value);
    if (read.problem === "refused-capability") {
      notes.notGranted(`capability ${each.value}`, each.from, read.message);
      continue;
    }
    for (const name of capability(each, readAddedCapability, notes)) {
      if ((capabilities as readonly string[]).includes(name)) added.add(name);
      else notes.notGranted(`capability ${name}`, each.from, LINES.capability(project, name));
    }
  }
  if (dropped.size === 0) return capabilities;
  return capabilities.filter((name) => added.has(name) || !(dropped.has("ALL") || dropped.has(name)));
}

function capability({ value, from }: From<string>, read: typeof readDroppedCapability, notes: Notes): string[] {
  const result = read(value);
  if (result.problem === undefined) return [result.name];
  const { problem: code, message, suggestion } = result;
  notes.problem(from, { code, message, ...(suggestion === undefined ? {} : { suggestion }) });
  return [];
}

/** Whether programs may gain privileges: of security options only the one that forbids it is applied. */
export function grantNoNewPrivileges(asked: Asked, { project, notes }: Grantor): boolean {
  let forbidden = project.posture.noNewPrivileges;
  for (const { value, from } of asked.securityOpt) {
    const match = /^no-new-privileges(?:[:=](true|false))?$/.exec(value);
    if (match && match[1] !== "false") forbidden = true;
    else if (!match) notes.notGranted(`security option ${value}`, from, LINES.securityOption());
    else if (project.posture.noNewPrivileges) notes.notGranted(value, from, LINES.newPrivileges());
  }
  return forbidden;
}

/** Networks of the engine that every container is on without a word: what the sandbox's own network stands for. */
const ORDINARY: ReadonlySet<string> = new Set(["bridge", "default"]);

/** How far the network reaches: the profile's, or none where the file asks for that. */
export function grantNetwork(asked: Asked, { project, notes }: Grantor): NetworkMode {
  const { network } = project.posture;
  for (const { value, from } of asked.networks) {
    if (value === "none") continue;
    if (!ORDINARY.has(value)) notes.notGranted(`network ${value}`, from, LINES.otherNetwork());
    else if (network !== "open") notes.notGranted(`network ${value}`, from, LINES.network(project));
  }
  return asked.networks.some(({ value }) => value === "none") ? "none" : network;
}

/** How a limit is written in devc.yaml. */
const WRITE: Record<Limit, (value: number) => string> = {
  memory: (bytes) => memoryText(bytes).replace(" ", ""),
  nanoCpus: (nano) => String(nano / 1e9),
  pids: String,
};

/** The limits: the profile's, or lower ones where the file asks for them. */
export function grantLimits({ limits }: Asked, { project, notes }: Grantor): ResourcesSpec {
  const granted: ResourcesSpec = { ...project.posture.resources };
  for (const key of LIMITS) {
    const [name, write] = [LIMIT_KEYS[key], WRITE[key]];
    const asked = limits[key];
    if (!asked) continue;
    const value = Number.isFinite(asked.value) ? asked.value : undefined;
    if (isLimitWithin(value, granted[key])) {
      if (value !== undefined) granted[key] = value;
      continue;
    }
    const line = value === undefined ? LINES.noLimit(project) : LINES.limit(project, `${name}: ${write(value)}`);
    notes.notGranted(value === undefined ? `${name} without a limit` : `${name} ${write(value)}`, asked.from, line);
  }
  return granted;
}

/** Limits of the kernel whose raising takes time from the host's programs. */
const PRIORITIES: ReadonlySet<string> = new Set(["nice", "rtprio", "rttime"]);

/** Limits of the first process, without those that concern more than the sandbox. */
export function grantUlimits({ ulimits }: Asked, { notes }: Grantor): NonNullable<ContainerSpec["ulimits"]> {
  const granted = Object.entries(ulimits).filter(([name, { from }]) => {
    if (PRIORITIES.has(name)) notes.notGranted(`ulimit ${name}`, from, LINES.priority());
    return !PRIORITIES.has(name);
  });
  return Object.fromEntries(granted.map(([name, { value }]) => [name, value]));
}

/** GPUs of the engine, where the profile gives them and the engine has some. One that is optional is not missed. */
export function grantGpus(
  { gpus }: Asked,
  { project, notes }: Grantor,
  engine: EngineCapacity | undefined,
): "all" | undefined {
  if (!gpus) return undefined;
  if (!project.posture.gpus) {
    notes.notGranted("GPUs", gpus.from, LINES.gpus(project));
    return undefined;
  }
  if (engine?.gpu) return "all";
  if (engine && gpus.value === "required")
    notes.notice("requirements-not-met", `a GPU is required, and the engine has none (${gpus.from})`);
  return undefined;
}

/** OCI runtimes that keep a sandbox farther from the host than the usual ones. */
const SANDBOXED = /^(runsc|kata)([-_.].*)?$|^io\.containerd\.(runsc|kata)\./;

/** The OCI runtime: the manifest's, or one that confines more; another one might confine less than the engine's own. */
export function grantRuntime({ runtime }: Asked, { project, notes }: Grantor): string | undefined {
  if (project.runtime !== undefined || !runtime) return project.runtime;
  if (SANDBOXED.test(runtime.value)) return runtime.value;
  notes.notGranted(`runtime ${runtime.value}`, runtime.from, LINES.runtime(project, runtime.value));
  return undefined;
}
