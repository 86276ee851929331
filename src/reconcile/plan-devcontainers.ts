import type { LiveContainer } from "../drivers/engine/engine.ts";
import { DEVCONTAINER_LABEL } from "../model/devcontainer/labels.ts";
import type { Notice } from "../model/desired.ts";
import { LABEL } from "../model/labels.ts";
import type { Live } from "./live.ts";
import type { SandboxCase } from "./plan-sandbox.ts";
import type { Foreign } from "./plan-types.ts";

/** Digits of a container's ID that people type. */
const SHORT_ID = 12;

/**
 * Labels cannot change after a container was made, and a new one only for other tools to read something else would cost its
 * sessions: so it is said. A container that will be replaced, or may be, gets the new ones.
 */
export function staleLabels({ desired, settlement, assessment }: SandboxCase): Notice[] {
  const { current } = settlement;
  const wanted = Object.entries(desired.devcontainer?.labels ?? {});
  if (!current || !assessment || assessment.way === "replace") return [];
  const stale = wanted.filter(([key, value]) => current.container.labels[key] !== value).map(([key]) => key);
  if (stale.length === 0) return [];
  const found = stale.every((key) => key === DEVCONTAINER_LABEL.metadata);
  const message = found
    ? "other tools see the devcontainer.json the sandbox was made with until it is replaced"
    : "other tools do not find the sandbox by its devcontainer.json until it is replaced";
  return [{ code: "stale-metadata", project: desired.project, message }];
}

/** Containers that another tool made for the folder of one of our sandboxes. */
export function foreignDevcontainers(cases: SandboxCase[], { devcontainers = [] }: Live): Foreign[] {
  return cases.flatMap(({ desired }) => {
    const folder = desired.devcontainer?.labels[DEVCONTAINER_LABEL.folder];
    if (folder === undefined) return [];
    return devcontainers
      .filter((one) => isForeign(one, desired.devcontainer?.labels ?? {}))
      .map((one) => report(one, folder));
  });
}

/** A container without the label of the file is found by its folder alone, as the reference implementation does. */
function isForeign({ labels, state }: LiveContainer, wanted: Record<string, string>): boolean {
  const { folder, config } = DEVCONTAINER_LABEL;
  const sameFile = labels[config] === undefined || labels[config] === wanted[config];
  return labels[LABEL.workspace] === undefined && labels[folder] === wanted[folder] && sameFile && state !== "removing";
}

function report({ id, name }: LiveContainer, folder: string): Foreign {
  const why = `another tool made it for ${folder}, and devc makes a sandbox of its own; remove it (docker rm -f ${id.slice(0, SHORT_ID)}) or go on using it with that tool`;
  return { kind: "container", id, name, why };
}
