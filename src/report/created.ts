import type { ContainerSpec } from "../model/spec.ts";
import type { Row } from "./rows.ts";
import { printable } from "./text.ts";
import { formatBytes, formatCpus, plural } from "./units.ts";

/** Longest list that is shown in full. */
const SHORT_LIST = 4;

/** The few facts of a new sandbox that a person wants to see before it exists. */
export function createdRows(spec: Partial<ContainerSpec>): Row[] {
  return [
    { label: "image", text: printable(spec.image ?? "") },
    { label: "network", text: spec.network?.mode === "bridge" ? "open" : "none" },
    { label: "limits", text: limitsText(spec.resources ?? {}) },
    { label: "capabilities", text: capabilitiesText(spec.capabilities) },
    ...mountRows(spec.mounts ?? {}),
  ];
}

/** Limits in one line: `2 CPUs, 4 GiB, 512 pids`. */
function limitsText({ memory, nanoCpus, pids }: NonNullable<ContainerSpec["resources"]>): string {
  const parts = [
    ...(nanoCpus === undefined ? [] : [`${formatCpus(nanoCpus)} ${nanoCpus === 1e9 ? "CPU" : "CPUs"}`]),
    ...(memory === undefined ? [] : [formatBytes(memory)]),
    ...(pids === undefined ? [] : [plural(pids, "pid")]),
  ];
  return parts.length > 0 ? parts.join(", ") : "no limits";
}

function capabilitiesText(capabilities: ContainerSpec["capabilities"]): string {
  if (!capabilities) return "the engine's default";
  const added = Object.keys(capabilities.add ?? {});
  if (added.length === 0) return "none";
  return added.length > SHORT_LIST ? `${added.length}; --verbose lists them` : added.join(", ");
}

/** Host folders are what a sandbox can change outside of itself: every one is shown. */
function mountRows(mounts: NonNullable<ContainerSpec["mounts"]>): Row[] {
  return Object.entries(mounts).flatMap(([target, mount]) => {
    if (mount.type !== "bind") return [];
    return [
      { label: "host folder", text: printable(`${mount.source} at ${target}${mount.readOnly ? " (read-only)" : ""}`) },
    ];
  });
}
