import { compare } from "fast-json-patch";

import type { LiveNetwork, LiveVolume } from "../drivers/engine/engine.ts";
import type { DesiredNetwork, DesiredVolume } from "../model/desired.ts";
import type { Address } from "../model/names.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import type { Change, Reason } from "./plan-types.ts";

/** The plain part of a change: nothing about it is a matter of security, sessions or guards. */
export function plainChange(
  of: { address: Address; kind: Change["kind"]; project: string },
  parts: Partial<Pick<Change, "action" | "drift" | "reasons" | "patch" | "expect">>,
): Omit<Change, "ops"> {
  const { address, kind, project } = of;
  const nothing = { action: "none", drift: false, reasons: [], patch: [], expect: {} } as const;
  const constant = { security: [], disruption: "none", guards: [] } as const;
  return {
    address,
    kind,
    project,
    ...nothing,
    ...constant,
    reasons: [],
    patch: [],
    security: [],
    guards: [],
    ...parts,
  };
}

const missing: Reason[] = [{ code: "missing" }];

/** A volume is created when missing. When a sandbox was made with it before, its absence is drift. */
export function planVolume(
  builder: PlanBuilder,
  volume: DesiredVolume,
  live: LiveVolume | undefined,
  wasUsed: boolean,
): void {
  if (live) return builder.change(plainChange(volume, { expect: { id: live.name } }));
  const { address, name, spec } = volume;
  const n = builder.op(address, "the volume does not exist", { op: "volume.create", name, spec, owner: address });
  builder.provide(`volume:${name}`, n);
  const patch = compare({}, { name, spec });
  return builder.change(
    plainChange(volume, { action: "create", drift: wasUsed, reasons: missing, patch, expect: { absent: true } }),
  );
}

/**
 * A network is created when missing. Of several with its name (a crash, or somebody's hand) the one that is used stays and
 * the others go.
 * @param live candidates, the one to keep first
 */
export function planNetwork(
  builder: PlanBuilder,
  network: DesiredNetwork,
  live: LiveNetwork[],
  wasUsed: boolean,
): void {
  const { address, name, spec } = network;
  const [keep, ...doubles] = live;
  if (!keep) {
    const n = builder.op(address, "the network does not exist", { op: "network.create", name, spec });
    builder.provide(`network:${name}`, n);
    const patch = compare({}, { name, spec });
    const parts = { action: "create", drift: wasUsed, reasons: missing, patch, expect: { absent: true } } as const;
    return builder.change(plainChange(network, parts));
  }
  for (const { id } of doubles) {
    builder.op(address, "the network exists twice", { op: "network.remove", network: { id } });
  }
  const doubled: Reason[] = [{ code: "interrupted", detail: "the network exists twice" }];
  const parts = doubles.length > 0 ? ({ action: "resume", reasons: doubled } as const) : {};
  return builder.change(plainChange(network, { ...parts, expect: { id: keep.id } }));
}

/** Removes networks that are no longer declared, once nothing of this plan uses them. */
export function planNetworkRemoval(
  builder: PlanBuilder,
  of: { address: Address; project: string },
  networks: LiveNetwork[],
  after: number[],
): void {
  for (const { id } of networks) {
    builder.op(of.address, "no longer declared", { op: "network.remove", network: { id } }, { after });
  }
  builder.change(
    plainChange(
      { ...of, kind: "network" },
      {
        action: "delete",
        reasons: [{ code: "not-declared" }],
        patch: compare(Object.fromEntries(networks.map(({ id, name }) => [id, { name }])), {}, true),
        expect: { id: networks.map(({ id }) => id).join(",") },
      },
    ),
  );
}

/** Removes a container's record or, when asked to, a volume that is no longer declared. */
export function planVolumeRemoval(
  builder: PlanBuilder,
  of: { address: Address; kind: "volume" | "record" | "hooks"; project: string },
  volumes: LiveVolume[],
  after: number[],
): void {
  const stale = of.kind !== "volume";
  for (const { name } of volumes) {
    builder.op(
      of.address,
      stale ? "its container is gone" : "no longer declared",
      { op: "volume.remove", name },
      { after },
    );
  }
  const names = Object.fromEntries(volumes.map(({ name }) => [name, { driver: "local" }]));
  builder.change(
    plainChange(of, {
      action: "delete",
      reasons: [{ code: stale ? "stale-record" : "not-declared" }],
      patch: compare(names, {}, true),
      expect: { id: volumes.map(({ name }) => name).join(",") },
    }),
  );
}
