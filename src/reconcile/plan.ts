import { compare } from "fast-json-patch";

import type { LiveContainer, LiveNetwork } from "../drivers/engine/engine.ts";
import type { Desired, DesiredResource, DesiredSandbox } from "../model/desired.ts";
import { DevcError } from "../model/errors.ts";
import { canonicalJson } from "../model/json.ts";
import { addressOf } from "../model/names.ts";
import type { Address } from "../model/names.ts";
import type { ContainerSpec } from "../model/spec.ts";
import { inventory, recordOf, undeclaredOf, withoutUsed } from "./inventory.ts";
import type { Inventory, Undeclared } from "./inventory.ts";
import { guardMassDelete, summarize } from "./guards.ts";
import type { Live } from "./live.ts";
import type { OwnedContainer } from "./ownership.ts";
import { createPlanBuilder } from "./plan-builder.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { planImage, planNetwork, planNetworkRemoval, planVolume, planVolumeRemoval } from "./plan-plain.ts";
import {
  examineSandbox,
  expectation,
  isActive,
  isGuarded,
  planSandbox,
  protectedGuard,
  removal,
} from "./plan-sandbox.ts";
import type { SandboxCase } from "./plan-sandbox.ts";
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
  const cases = resources.filter(isSandbox).map((sandbox) => {
    return examineSandbox(sandbox, held.containers.get(sandbox.address) ?? [], live, held.records);
  });
  const builder = createPlanBuilder();
  planWhatSandboxesNeed(builder, resources, cases, held, live);
  for (const found of cases) planSandbox(builder, found, live);
  const declared = new Set(desired.resources.map(({ address }) => address));
  const undeclared = undeclaredOf(held, declared, selected);
  const removable = withoutUsed(undeclared, staying(live, cases, undeclared, options));
  planRemovals(builder, removable, held, options);
  const pruned = options.pruneVolumes ? removable.volumes : new Map();
  const kept = [...undeclared.volumes.keys()].filter((address) => !pruned.has(address)).toSorted();
  const { changes, ops } = builder.finish();
  const guarded = guardMassDelete(changes, held.containers.size, options.allowDelete);
  const strays = cases.flatMap(({ settlement }) => settlement.strays).map(asForeign);
  const foreign = [...held.foreign, ...strays, ...undeclared.strays.map(asForeign)].toSorted((a, b) =>
    a.id < b.id ? -1 : 1,
  );
  const notices = desired.notices.filter(({ project }) => project === undefined || selected(project));
  return { workspace, root, notices, changes: guarded, ops, kept, foreign, summary: summarize(guarded) };
}

function specsByLabel({ resources }: Desired): Map<string, ContainerSpec> {
  return new Map(resources.filter(isSandbox).map(({ spec }) => [canonicalJson(spec), spec]));
}

function isSandbox(resource: DesiredResource): resource is DesiredSandbox {
  return resource.kind === "sandbox";
}

/** Images, networks and volumes come first: the sandboxes' operations wait for theirs. */
function planWhatSandboxesNeed(
  builder: PlanBuilder,
  resources: DesiredResource[],
  cases: SandboxCase[],
  held: Inventory,
  live: Live,
): void {
  const creating = new Set(cases.filter(({ creates }) => creates).map(({ desired }) => desired.project));
  const existing = new Map(cases.map((found) => [found.desired.project, found.settlement.current]));
  for (const resource of resources) {
    const used = existing.get(resource.project) !== undefined;
    if (resource.kind === "image") {
      planImage(builder, resource, creating.has(resource.project) && !live.images[resource.reference]);
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
    planVolumeRemoval(builder, { address, kind: "record", project }, items, []);
  }
  if (!options.pruneVolumes) return;
  for (const [address, { project, items }] of undeclared.volumes) {
    planVolumeRemoval(builder, { address, kind: "volume", project }, items, after(project));
  }
}

/** Containers that this plan neither changes nor removes: renamed by somebody, protected, not selected, not ours. */
function staying(live: Live, cases: SandboxCase[], undeclared: Undeclared, options: PlanOptions): LiveContainer[] {
  const changing = cases
    .filter((found) => !isGuarded(found))
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
    const record = records.get(recordOf(one.container, project));
    if (record)
      builder.op(address, "its container is gone", { op: "volume.remove", name: record.name }, { after: [removed] });
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
