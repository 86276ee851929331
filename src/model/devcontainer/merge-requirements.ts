import type { HostRequirements } from "./config.ts";

type Gpu = HostRequirements["gpu"];

const UNITS: Record<string, number> = { t: 2 ** 40, g: 2 ** 30, m: 2 ** 20, k: 2 ** 10 };

/**
 * The largest of each requirement; sizes in bytes as text, `cpus` 0 when only others are given, as the reference
 * implementation has it. Undefined when nothing is required.
 * https://containers.dev/implementors/spec/#merge-logic
 * @param all one for each entry, empty where it requires nothing: after a `false` for GPUs that is no answer again
 */
export function mergeHostRequirements(all: readonly HostRequirements[]): HostRequirements | undefined {
  const cpus = Math.max(0, ...all.map((each) => each.cpus ?? 0));
  const memory = Math.max(0, ...all.map((each) => requiredBytes(each.memory)));
  const storage = Math.max(0, ...all.map((each) => requiredBytes(each.storage)));
  const gpu = all.map((each) => each.gpu).reduce(mergeGpus, undefined);
  if (!cpus && !memory && !storage && !gpu) return undefined;
  return {
    cpus,
    ...(memory ? { memory: `${memory}` } : {}),
    ...(storage ? { storage: `${storage}` } : {}),
    ...(gpu === undefined ? {} : { gpu }),
  };
}

/** Bytes of `8gb`, `512mb` or `1024`; 0 for what is not written so. Units are powers of 1024. */
export function requiredBytes(text: string | undefined): number {
  const [, digits, unit] = /^(\d+)([tgmk]b)?$/.exec(text ?? "") ?? [];
  return digits === undefined ? 0 : Number(digits) * (UNITS[unit?.[0] ?? ""] ?? 1);
}

/** `true` asks for no more than a map without members, so it becomes one beside anything else. */
function mergeGpus(a: Gpu, b: Gpu): Gpu {
  if (a === undefined || a === false) return b;
  if (b === undefined || b === false) return a;
  if (a === "optional" && b === "optional") return "optional";
  const [one, other] = [typeof a === "object" ? a : {}, typeof b === "object" ? b : {}];
  const cores = Math.max(one.cores ?? 0, other.cores ?? 0);
  const memory = Math.max(requiredBytes(one.memory), requiredBytes(other.memory));
  return { ...(cores ? { cores } : {}), ...(memory ? { memory: `${memory}` } : {}) };
}
