import { compare } from "fast-json-patch";

import type { LiveContainer, LiveNetwork } from "../drivers/engine/engine.ts";
import type { Desired, DesiredImage, DesiredResource, DesiredSandbox } from "../model/desired.ts";
import { BUILD_LABEL } from "../model/devcontainer/build.ts";
import { DevcError } from "../model/errors.ts";
import { canonicalJson } from "../model/json.ts";
import { addressOf, parseAddress } from "../model/names.ts";
import type { Address } from "../model/names.ts";
import type { ContainerSpec } from "../model/spec.ts";
import { inventory, recordsOf, undeclaredOf, withoutUsed } from "./inventory.ts";
import type { Inventory, Undeclared } from "./inventory.ts";
import { guardMassDelete, summarize } from "./guards.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";
import { createPlanBuilder } from "./plan-builder.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { foreignDevcontainers, staleLabels } from "./plan-devcontainers.ts";
import { imageCause, imageReason, planImage, planImageRemoval } from "./plan-images.ts";
import { planNetwork, planNetworkRemoval, planVolume, planVolumeRemoval } from "./plan-plain.ts";
import {
  examineSandbox,
  expectation,
  isActive,
  isGuarded,
  planAwaiting,
  planSandbox,
  protectedGuard,
  removal,
} from "./plan-sandbox.ts";
import type { ImageWait, SandboxCase } from "./plan-sandbox.ts";
import type { Foreign, Plan } from "./plan-types.ts";

/** What the person allows and asks for; everything that is not said is the cautious choice. */
export type PlanOptions = {
  /** Only these projects and what they need. */
  projects?: string[];
  /** Remove volumes that are no longer declared. */
  pruneVolumes?: boolean;
  /** How many sandboxes may be deleted at once; see `guardMassDelete`. */
  allowDelete?: number;
  /** Projects whose sandbox must not be deleted although it is not desired: `protect: true` under `devc destroy`. */
  protectedProjects?: string[];
  /** Images that devc built and that go with their sandboxes: under `devc destroy`, those of the manifest. */
  builtImages?: Omit<DesiredImage, "build">[];
};

/**
 * The difference between desired and live, and the operations that close it. Pure and deterministic: equal inputs in any
 * order give the same plan, byte for byte.
 * @throws DevcError `workspace-root-conflict` when another folder's manifest has this workspace name on the engine
 */
export function plan(desired: Desired, live: Live, options: PlanOptions = {}): Plan {
  const { workspace, root } = desired;
  const selected = (project: string): boolean => options.projects === undefined || options.projects.includes(project);
  const held = inventory({ workspace, root }, live, specsByLabel(desired));
  if (held.otherRoot !== undefined) throw rootConflict(desired, held.otherRoot);
  const resources = desired.resources.filter(({ project }) => selected(project));
  const images = imagesByProject(resources);
  const cases = resources.filter(isSandbox).map((sandbox) => {
    const owned = held.containers.get(sandbox.address) ?? [];
    return examineSandbox(sandbox, owned, live, held.records, imageWait(sandbox, images, live));
  });
  const builder = createPlanBuilder();
  planWhatSandboxesNeed(builder, resources, cases, held, live);
  for (const found of cases) {
    if (found.awaits)
      planAwaiting(builder, found, found.awaits, providersOf(builder, images.get(found.desired.project)));
    else planSandbox(builder, found, live);
  }
  const declared = new Set(desired.resources.map(({ address }) => address));
  const undeclared = withoutAwaiting(undeclaredOf(held, declared, selected), cases);
  const removable = withoutUsed(undeclared, staying(live, cases, undeclared, options));
  planRemovals(builder, removable, held, options);
  planBuiltImages(builder, desired, live, selected, options);
  const pruned = options.pruneVolumes ? removable.volumes : new Map();
  const kept = [...undeclared.volumes.keys()].filter((address) => !pruned.has(address)).toSorted();
  const { changes, ops } = builder.finish();
  const guarded = guardMassDelete(changes, held.containers.size, options.allowDelete);
  const strays = cases.flatMap(({ settlement }) => settlement.strays).map(asForeign);
  const others = foreignDevcontainers(cases, live);
  const foreign = [...held.foreign, ...strays, ...undeclared.strays.map(asForeign), ...others].toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  const said = desired.notices.filter(({ project }) => project === undefined || selected(project));
  const notices = [...said, ...cases.flatMap(staleLabels)];
  return { workspace, root, notices, changes: guarded, ops, kept, foreign, summary: summarize(guarded) };
}

function specsByLabel({ resources }: Desired): Map<string, ContainerSpec> {
  return new Map(resources.filter(isSandbox).map(({ spec }) => [canonicalJson(spec), spec]));
}

function isSandbox(resource: DesiredResource): resource is DesiredSandbox {
  return resource.kind === "sandbox";
}

function imagesByProject(resources: DesiredResource[]): Map<string, DesiredImage[]> {
  const images = new Map<string, DesiredImage[]>();
  for (const resource of resources) {
    if (resource.kind === "image") images.set(resource.project, [...(images.get(resource.project) ?? []), resource]);
  }
  return images;
}

/**
 * The image a sandbox must wait for: the compiler could not look into it, or it will be built. A plain reference that is absent
 * is none: what the sandbox will be does not depend on it.
 */
function imageWait(
  { project, awaitsImage }: DesiredSandbox,
  images: ReadonlyMap<string, DesiredImage[]>,
  live: Live,
): ImageWait | undefined {
  const pending = (images.get(project) ?? []).filter((image) => imageReason(image, live.images) !== undefined);
  const builds = pending.some(({ build }) => build !== undefined);
  if (!awaitsImage && !builds) return undefined;
  const [first] = pending;
  return { cause: (first && imageCause(first, live.images)) ?? "its image is not present", builds };
}

/** The operations that bring a project's images. */
function providersOf(builder: PlanBuilder, images: DesiredImage[] = []): number[] {
  return images.flatMap(({ reference }) => builder.providerOf(`image:${reference}`) ?? []).toSorted((a, b) => a - b);
}

/** Images, networks and volumes come first: the sandboxes' operations wait for theirs. */
function planWhatSandboxesNeed(
  builder: PlanBuilder,
  resources: DesiredResource[],
  cases: SandboxCase[],
  held: Inventory,
  live: Live,
): void {
  const needing = cases.filter((found) => found.creates || (found.awaits && !isGuarded(found)));
  const wanted = new Set(needing.map(({ desired }) => desired.project));
  const bases = new Map(resources.flatMap((one) => (one.kind === "image" ? [[one.address, one]] : [])));
  const existing = new Map(cases.map((found) => [found.desired.project, found.settlement.current]));
  for (const resource of resources) {
    const used = existing.get(resource.project) !== undefined;
    if (resource.kind === "image") {
      const base = bases.get(addressOf("image", resource.project));
      const options = { wanted: wanted.has(resource.project), base: base === resource ? undefined : base };
      planImage(builder, resource, options, live.images);
    } else if (resource.kind === "volume") {
      const mounts = Object.values(existing.get(resource.project)?.spec.mounts ?? {});
      const wasUsed = mounts.some((mount) => mount.type === "volume" && mount.source === resource.name);
      planVolume(builder, resource, held.volumes.get(resource.address)?.[0], wasUsed);
    } else if (resource.kind === "network") {
      const attached = new Set(
        Object.values(existing.get(resource.project)?.container.networks ?? {}).map(({ id }) => id),
      );
      const candidates = held.networks.get(resource.address) ?? [];
      const keepFirst = candidates.toSorted((a, b) => Number(attached.has(b.id)) - Number(attached.has(a.id)));
      planNetwork(builder, resource, keepFirst, used);
    }
  }
}

/** Removes what is no longer declared: sandboxes first, then what they used. */
function planRemovals(builder: PlanBuilder, undeclared: Undeclared, held: Inventory, options: PlanOptions): void {
  for (const [address, owned] of undeclared.containers) deleteSandbox(builder, address, owned, held.records, options);
  const after = (project: string): number[] => builder.opsOf(addressOf("sandbox", project));
  for (const [address, { project, items }] of undeclared.networks) {
    const users = usersOf(items, held).flatMap((user) => builder.opsOf(user));
    planNetworkRemoval(builder, { address, project }, items, [...after(project), ...users]);
  }
  for (const [address, { project, items }] of undeclared.staleRecords) {
    const kind = parseAddress(address)?.kind === "hooks" ? "hooks" : "record";
    planVolumeRemoval(builder, { address, kind, project }, items, []);
  }
  if (!options.pruneVolumes) return;
  for (const [address, { project, items }] of undeclared.volumes) {
    planVolumeRemoval(builder, { address, kind: "volume", project }, items, after(project));
  }
}

/** Volumes of a project whose image is not there yet may be declared by that image: nothing is told of them and none is removed. */
function withoutAwaiting(undeclared: Undeclared, cases: SandboxCase[]): Undeclared {
  const awaiting = new Set(cases.filter(({ awaits }) => awaits).map(({ desired }) => desired.project));
  const volumes = [...undeclared.volumes].filter(([, { project }]) => !awaiting.has(project));
  return { ...undeclared, volumes: new Map(volumes) };
}

/** Removes images that devc built for this workspace, after the sandboxes made from them. */
function planBuiltImages(
  builder: PlanBuilder,
  { root }: Desired,
  live: Live,
  selected: (project: string) => boolean,
  { builtImages = [], protectedProjects = [] }: PlanOptions,
): void {
  for (const image of builtImages) {
    const present = live.images[image.reference];
    const ours = present?.labels[BUILD_LABEL.root] === root;
    if (!present || !ours || !selected(image.project) || protectedProjects.includes(image.project)) continue;
    planImageRemoval(builder, image, present.id, builder.opsOf(addressOf("sandbox", image.project)));
  }
}

/** Containers that this plan neither changes nor removes: renamed by somebody, protected, not selected, not ours. */
function staying(live: Live, cases: SandboxCase[], undeclared: Undeclared, options: PlanOptions): LiveContainer[] {
  const changing = cases
    .filter((found) => !isGuarded(found) && !found.awaits)
    .flatMap(({ settlement: { current, candidate, remove } }) => [
      current,
      candidate,
      ...remove.map(({ owned }) => owned),
    ]);
  const deleted = [...undeclared.containers.values()]
    .flat()
    .filter(({ project }) => !options.protectedProjects?.includes(project));
  const touched = new Set([...changing, ...deleted].map((owned) => owned?.container.id));
  return live.containers.filter(({ id }) => !touched.has(id));
}

/** Sandboxes with a container on one of the networks, also those that somebody else connected. */
function usersOf(networks: LiveNetwork[], { containers }: Inventory): Address[] {
  const ids = new Set(networks.map(({ id }) => id));
  const attached = ({ container }: OwnedContainer): boolean =>
    Object.values(container.networks).some(({ id }) => ids.has(id));
  return [...containers].filter(([, owned]) => owned.some(attached)).map(([address]) => address);
}

function deleteSandbox(
  builder: PlanBuilder,
  address: Address,
  owned: OwnedContainer[],
  records: Inventory["records"],
  options: PlanOptions,
): void {
  const [first] = owned;
  if (!first) return;
  const { project } = first;
  const isProtected = options.protectedProjects?.includes(project) ?? false;
  for (const one of isProtected ? [] : owned) {
    const container = { id: one.container.id };
    const stop = isActive(one) ? [builder.op(address, "no longer declared", { op: "container.stop", container })] : [];
    const removed = builder.op(address, "no longer declared", removal(one), { after: stop });
    for (const { name } of recordsOf(one, records)) {
      builder.op(address, "its container is gone", { op: "volume.remove", name }, { after: [removed] });
    }
  }
  builder.change({
    address,
    kind: "sandbox",
    project,
    action: "delete",
    drift: false,
    reasons: [{ code: "not-declared" }],
    patch: compare({ ...first.spec, name: first.container.name }, {}, true),
    security: [],
    disruption: "none",
    guards: isProtected ? [protectedGuard({ address, project }, "deleted")] : [],
    expect: expectation(first),
  });
}

function asForeign({ container, address }: OwnedContainer): Foreign {
  const why = `it was made for ${address} and renamed; remove it or give it its name back`;
  return { kind: "container", id: container.id, name: container.name, why };
}

function rootConflict({ workspace, root }: Desired, otherRoot: string): DevcError {
  return new DevcError(
    "workspace-root-conflict",
    `workspace "${workspace}" exists on this engine for another folder: ${otherRoot}`,
    {
      subject: workspace,
      details: [`this manifest is in ${root}`],
      hint: `give one of them another workspace name, or run devc destroy in ${otherRoot}`,
    },
  );
}
