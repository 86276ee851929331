import type { ResourcesSpec } from "./spec.ts";

/** A limit of a sandbox, by its name in specs. */
export type Limit = keyof ResourcesSpec;

/** What each limit is called in devc.yaml. */
export const LIMIT_KEYS = { memory: "memory", nanoCpus: "cpus", pids: "pids" } as const satisfies Record<Limit, string>;

/** Every limit. */
export const LIMITS = Object.keys(LIMIT_KEYS) as Limit[];
