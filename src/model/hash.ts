import { canonicalJson, sha256, type Json } from "./json.ts";
import type { ContainerSpec } from "./spec.ts";

type Projection = { core: (spec: ContainerSpec) => unknown; live: (spec: ContainerSpec) => unknown };

/**
 * Hash projections by version. Old versions are kept for ever: a container labelled `v1:` is compared with the v1
 * projection of what is desired now, so that a new devc never recreates what an old devc made.
 */
const PROJECTIONS: Record<string, Projection> = {
  v1: {
    core: ({ image: _image, resources: _resources, ...core }) => core,
    live: (spec) => spec.resources ?? {},
  },
};

const CURRENT = "v1";

/** The part of a container that decides: `core` forces a replacement, `live` can be updated in place. */
export type HashPart = "core" | "live";

/** The label value for one part of a spec, `v1:<sha256>`, by the current projection. */
export function hashOf(part: HashPart, spec: ContainerSpec): string {
  return hashBy(CURRENT, part, spec) as string;
}

/**
 * Whether a label written by any known version of devc says the same as `spec`.
 * A label of an unknown (newer) version never matches.
 */
export function hashMatches(part: HashPart, label: string | undefined, spec: ContainerSpec): boolean {
  const version = label?.split(":", 1)[0];
  return version !== undefined && hashBy(version, part, spec) === label;
}

/** Hash of a volume or network spec, `v1:<sha256>`. */
export function hashOfPlain(spec: Json | object): string {
  return `${CURRENT}:${sha256(canonicalJson(spec))}`;
}

function hashBy(version: string, part: HashPart, spec: ContainerSpec): string | undefined {
  const projection = Object.hasOwn(PROJECTIONS, version) ? PROJECTIONS[version] : undefined;
  if (!projection) return undefined;
  const known = REMEMBERED.get(spec) ?? new Map<string, string>();
  REMEMBERED.set(spec, known);
  const key = `${version}:${part}`;
  const hash = known.get(key) ?? `${version}:${sha256(canonicalJson(projection[part](spec)))}`;
  known.set(key, hash);
  return hash;
}

/** Specs never change, and one plan asks several times for the same hash. */
const REMEMBERED = new WeakMap<ContainerSpec, Map<string, string>>();
