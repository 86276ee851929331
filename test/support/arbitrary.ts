import * as fc from "fast-check";

import type { Desired } from "../../src/model/desired.ts";
import { volumeName } from "../../src/model/names.ts";
import type { ContainerSpec, MountSpec, ResourcesSpec } from "../../src/model/spec.ts";
import type { Deed, Leftover, Stranger, World } from "./memory-world.ts";
import { desiredOf, ORIGIN, type ProjectOptions } from "./workspace.ts";

const MIB = 1024 ** 2;

/** Project names of generated workspaces. */
export const PROJECTS: readonly string[] = ["p0", "p1", "p2", "p3", "p4", "p5", "p6", "p7"];

/** References that sandboxes are made from; see `IMAGES` of the memory world. */
const references = fc.constantFrom("debian:12", "debian:13", "registry.test/pulled:1", "checked:1", "labelled:1");

/** Removes what is undefined and what is empty: the normal form has neither. */
function compact<Shape extends object>(shape: Shape): Shape {
  const entries = Object.entries(shape).filter(([, value]) => {
    const empty = typeof value === "object" && value !== null && Object.keys(value as object).length === 0;
    return value !== undefined && !empty;
  });
  return Object.fromEntries(entries) as Shape;
}

/** Limits in the normal form; any of them may be absent. */
export const arbitraryResources: fc.Arbitrary<ResourcesSpec> = fc.record(
  {
    memory: fc.integer({ min: 6, max: 4096 }).map((mib) => mib * MIB),
    nanoCpus: fc.integer({ min: 1, max: 400 }).map((hundredths) => hundredths * 10_000_000),
    pids: fc.integer({ min: 1, max: 4096 }),
  },
  { requiredKeys: [], noNullPrototype: true },
);

const capabilitySet = fc
  .subarray(["ALL", "CHOWN", "SYS_PTRACE", "NET_RAW", "MKNOD"])
  .map((names) => Object.fromEntries(names.map((name) => [name, true as const])));

const hostMounts: fc.Arbitrary<Record<string, MountSpec>> = fc.dictionary(
  fc.constantFrom("/workspace", "/mnt/a", "/tmp/scratch"),
  fc.oneof(
    fc.record({ type: fc.constant("bind" as const), source: fc.constantFrom("/src/a", "/src/b") }),
    fc.constant({ type: "bind" as const, source: "/src/a", readOnly: true as const }),
    fc.record({ type: fc.constant("tmpfs" as const) }),
    fc.constant({ type: "tmpfs" as const, size: 64 * MIB }),
  ),
  { maxKeys: 2, noNullPrototype: true },
);

/** Create-time fields of a container, in the normal form. */
export const arbitraryFields: fc.Arbitrary<Partial<ContainerSpec>> = fc
  .record({
    env: fc.dictionary(fc.constantFrom("A", "B", "MODE"), fc.constantFrom("", "1", "x=y", "grün"), {
      maxKeys: 2,
      noNullPrototype: true,
    }),
    user: fc.option(fc.constantFrom("root", "1000:1000"), { nil: undefined }),
    workdir: fc.option(fc.constantFrom("/workspace", "/tmp"), { nil: undefined }),
    hostname: fc.option(fc.constant("box"), { nil: undefined }),
    command: fc.option(fc.constantFrom(["sleep", "infinity"], ["cat"]), { nil: undefined }),
    capabilities: fc.record({ drop: capabilitySet, add: capabilitySet }).map(compact),
    noNewPrivileges: fc.option(fc.constant(true as const), { nil: undefined }),
    mounts: hostMounts,
  })
  .map((fields) => compact(fields) as unknown as Partial<ContainerSpec>);

/** Commands of a devcontainer.json; most projects have none. */
export const arbitraryHooks: fc.Arbitrary<NonNullable<ProjectOptions["hooks"]>> = fc.record(
  {
    onCreate: fc.constant(["one"]),
    postCreate: fc.constantFrom(["two"], ["two", "three"]),
    postStart: fc.constant(["four"]),
  },
  { requiredKeys: [], noNullPrototype: true },
);

/** One project. Volumes are mounted beside the host mounts. */
export const arbitraryProject: fc.Arbitrary<ProjectOptions & { image: string }> = fc
  .record({
    image: references,
    state: fc.constantFrom("running", "running", "running", "stopped"),
    protect: fc.constantFrom(false, false, false, true),
    volumes: fc.subarray(["cache", "data"]),
    open: fc.boolean(),
    resources: arbitraryResources,
    hooks: fc.option(arbitraryHooks, { nil: {}, freq: 1 }),
    fields: arbitraryFields,
  })
  .map(
    ({ fields, resources, hooks, ...rest }) =>
      ({ ...rest, ...fields, ...compact({ resources, hooks }) }) as ProjectOptions & { image: string },
  );

/** A workspace of projects by name. */
export type Projects = Record<string, ProjectOptions>;

/** Projects of a workspace, up to `max`. */
export function arbitraryProjects(max: number = PROJECTS.length): fc.Arbitrary<Projects> {
  return fc.dictionary(fc.constantFrom(...PROJECTS.slice(0, max)), arbitraryProject, {
    maxKeys: max,
    noNullPrototype: true,
  });
}

/** What projects compile to. */
export function compileProjects(projects: Projects): Desired {
  const complete = Object.entries(projects).map(([project, { mounts, volumes = [], ...options }]) => {
    const own = volumes.map((name) => {
      const source = volumeName(ORIGIN.workspace, project, name);
      return [`/data/${name}`, { type: "volume", source } as const] as const;
    });
    const all = { ...mounts, ...Object.fromEntries(own) };
    return [project, { ...options, volumes, ...(Object.keys(all).length > 0 ? { mounts: all } : {}) }] as const;
  });
  return desiredOf(Object.fromEntries(complete));
}

/** An edit of one project, of the kind people make. Keeps volumes and network when it only touches limits or state. */
export const arbitraryEdit: fc.Arbitrary<(project: ProjectOptions) => ProjectOptions> = fc.oneof(
  references.map((image) => (project: ProjectOptions) => ({ ...project, image })),
  arbitraryResources.map((resources) => ({ resources: _old, ...project }: ProjectOptions) => ({
    ...project,
    ...compact({ resources }),
  })),
  arbitraryFields.map((fields) => (project: ProjectOptions) => ({ ...project, ...fields })),
  arbitraryHooks.map((hooks) => ({ hooks: _old, ...project }: ProjectOptions) => ({
    ...project,
    ...compact({ hooks }),
  })),
  fc.boolean().map((open) => (project: ProjectOptions) => ({ ...project, open })),
  fc.subarray(["cache", "data"]).map((volumes) => (project: ProjectOptions) => ({ ...project, volumes })),
  fc
    .constantFrom("running" as const, "stopped" as const)
    .map((state) => (project: ProjectOptions) => ({ ...project, state })),
);

/** Something a person or another program did to what devc made. */
export function arbitraryDeed(max: number): fc.Arbitrary<Deed> {
  const project = fc.constantFrom(...PROJECTS.slice(0, max));
  return fc.oneof(
    fc.record({
      deed: fc.constantFrom("stop", "kill", "pause", "remove", "rename", "disconnect", "connect", "dead", "restarting"),
      project,
    }),
    fc.record({ deed: fc.constant("update"), project, resources: arbitraryResources }),
    fc.record({ deed: fc.constant("removeVolume"), project, volume: fc.constantFrom("cache", "data") }),
    fc.record({ deed: fc.constant("removeNetwork"), project }),
    fc.record({ deed: fc.constant("moveTag"), reference: references }),
    fc.record({ deed: fc.constant("untag"), reference: references, withData: fc.boolean() }),
  ) as fc.Arbitrary<Deed>;
}

/** A container of ours that some apply left behind. */
function arbitraryLeftover(max: number): fc.Arbitrary<Leftover> {
  return fc.record({
    project: fc.constantFrom(...PROJECTS.slice(0, max)),
    role: fc.constantFrom("final", "next", "prev"),
    spec: fc.constantFrom("desired", "desired", "before", "other"),
    state: fc.constantFrom("created", "running", "exited", "paused", "restarting", "dead"),
  });
}

/** Something that only looks like ours. None of them holds a name that devc needs. */
function arbitraryStranger(max: number): fc.Arbitrary<Stranger> {
  const project = fc.constantFrom(...PROJECTS.slice(0, max));
  return fc.oneof(
    fc.record({
      kind: fc.constant("container"),
      project,
      looks: fc.constantFrom(
        "plain",
        "labelKeyMissing",
        "fromLabelledImage",
        "wrongHash",
        "brokenSpec",
        "otherWorkspace",
        "noSandbox",
      ),
      label: fc.nat({ max: 8 }),
      state: fc.constantFrom("created", "running", "exited"),
    }),
    fc.record({
      kind: fc.constant("volume"),
      project,
      looks: fc.constantFrom("plain", "labelKeyMissing", "wrongName", "wrongHash"),
    }),
    fc.record({
      kind: fc.constant("network"),
      project,
      looks: fc.constantFrom("plain", "labelKeyMissing", "wrongName", "wrongHash"),
    }),
  ) as fc.Arbitrary<Stranger>;
}

/** Bounds of generated worlds. */
export type WorldSize = { projects: number; deeds?: number; leftovers?: number; strangers?: number };

/** A world and what is wanted of it: projects that were applied before, what happened since, and the manifest now. */
export function arbitraryScenario(size: WorldSize): fc.Arbitrary<{ world: World; projects: Projects }> {
  const { projects, deeds = 4, leftovers = 4, strangers = 3 } = size;
  return fc
    .record({
      before: arbitraryProjects(projects),
      rules: fc.record({ stoppedHoldNetworks: fc.boolean(), bindsNetworksOnStart: fc.boolean() }),
      deeds: fc.array(arbitraryDeed(projects), { maxLength: deeds }),
      leftovers: fc.array(arbitraryLeftover(projects), { maxLength: leftovers }),
      strangers: fc.array(arbitraryStranger(projects), { maxLength: strangers }),
      edits: arbitraryEdits,
      fresh: fc.option(arbitraryProjects(projects)),
    })
    .map(({ edits, fresh, ...world }) => ({ world, projects: fresh ?? applyEdits(world.before, edits) }));
}

/** Edits of a workspace: which project (counted round), and what becomes of it; null drops it. */
export type Edits = { at: number; edit: ((project: ProjectOptions) => ProjectOptions) | null }[];

/** Up to three edits, mostly changes. */
export const arbitraryEdits: fc.Arbitrary<Edits> = fc.array(
  fc.record({ at: fc.nat({ max: 7 }), edit: fc.option(arbitraryEdit, { freq: 6 }) }),
  { maxLength: 3 },
);

/** The workspace after edits. */
export function applyEdits(before: Projects, edits: Edits): Projects {
  const after: Projects = { ...before };
  for (const { at, edit } of edits) {
    const names = Object.keys(after).toSorted();
    const name = names[at % names.length];
    if (name === undefined) continue;
    if (edit) after[name] = edit(after[name] ?? {});
    else delete after[name];
  }
  return after;
}
