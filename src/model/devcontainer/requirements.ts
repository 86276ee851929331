import type { EngineCapacity } from "../compile.ts";
import type { ResourcesSpec } from "../spec.ts";
import { memoryText } from "../units.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";
import { requiredBytes } from "./merge-requirements.ts";
import type { Grantor } from "./grant.ts";

/**
 * Notes requirements of the host that the engine does not meet, or the sandbox's limits do not; as in the reference
 * implementation they stop nothing. What storage there is no engine tells.
 */
export function checkRequirements(
  { hostRequirements }: MergedDevcontainer,
  limits: ResourcesSpec,
  engine: EngineCapacity | undefined,
  { project, notes }: Grantor,
): void {
  const { cpus = 0, memory } = hostRequirements ?? {};
  const bytes = requiredBytes(memory);
  const checks = [
    { name: "cpus", wanted: cpus, has: engine?.cpus, limit: limits.nanoCpus && limits.nanoCpus / 1e9, show: String },
    { name: "memory", wanted: bytes, has: engine?.memory, limit: limits.memory, show: memoryText },
  ];
  for (const { name, wanted, has, limit, show } of checks) {
    const asks = `hostRequirements asks for ${name} ${show(wanted)}`;
    if (has !== undefined && wanted > has) {
      notes.notice("requirements-not-met", `${asks}; the engine has ${show(has)}`);
    } else if (limit !== undefined && wanted > limit) {
      const line = `projects.${project.name}.resources: { ${name}: ${show(wanted).replace(" ", "")} }`;
      notes.notice("requirements-not-met", `${asks}; the sandbox is limited to ${show(limit)}`, line);
    }
  }
}
