import * as fc from "fast-check";

import type { MemoryEngine } from "../../src/drivers/engine/memory/types.ts";
import type { Desired } from "../../src/model/desired.ts";
import { sha256 } from "../../src/model/json.ts";
import { execute } from "../../src/reconcile/execute.ts";
import { imageReason } from "../../src/reconcile/plan-images.ts";
import { inspectImages, observe } from "../../src/reconcile/observe.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { MAX_ROUNDS, mergeRounds, readyProjects } from "../../src/reconcile/rounds.ts";
import type { Round } from "../../src/reconcile/rounds.ts";
import { arbitraryHooks } from "./arbitrary.ts";
import { fakeBuilder } from "./execute-tools.ts";
import type { Scene } from "./memory-world.ts";
import { desiredOf, ORIGIN } from "./workspace.ts";
import type { ProjectOptions } from "./workspace.ts";

/** A project with a devcontainer.json: what its image is made of, its commands, and fields that make it a new container. */
export type Devcontainer = {
  base: "debian:12" | "debian:13" | "registry.test/pulled:1";
  /** A Dockerfile on the base; absent: the base itself. `broken`: its build fails. */
  dockerfile?: { inputs: string; broken: boolean };
  /** A layer that adapts the user's IDs. */
  layer: boolean;
  hooks: NonNullable<ProjectOptions["hooks"]>;
  state: "running" | "stopped";
  env: string;
};

/** Devcontainers by project. */
export type Devcontainers = Record<string, Devcontainer>;

/** One devcontainer; most of them build something. */
export const arbitraryDevcontainer: fc.Arbitrary<Devcontainer> = fc
  .record({
    base: fc.constantFrom("debian:12", "debian:13", "registry.test/pulled:1"),
    dockerfile: fc.option(
      fc.record({ inputs: fc.constantFrom("i1", "i2", "i3"), broken: fc.constantFrom(false, false, false, true) }),
      { nil: undefined, freq: 3 },
    ),
    layer: fc.boolean(),
    hooks: arbitraryHooks,
    state: fc.constantFrom("running", "running", "running", "stopped"),
    env: fc.constantFrom("a", "b"),
  })
  .map(({ dockerfile, ...rest }) => ({ ...rest, ...(dockerfile ? { dockerfile } : {}) }) as Devcontainer);

/** Up to `max` devcontainers. */
export function arbitraryDevcontainers(max: number): fc.Arbitrary<Devcontainers> {
  return fc.dictionary(fc.constantFrom("p0", "p1", "p2", "p3"), arbitraryDevcontainer, {
    maxKeys: max,
    noNullPrototype: true,
  });
}

/** The same without what keeps a sandbox from becoming what is desired. */
export function repaired(projects: Devcontainers): Devcontainers {
  const entries = Object.entries(projects).map(([name, { dockerfile, ...rest }]) => {
    return [name, { ...rest, ...(dockerfile ? { dockerfile: { ...dockerfile, broken: false } } : {}) }] as const;
  });
  return Object.fromEntries(entries);
}

/**
 * What devcontainers compile to with the images an engine has: as long as the image is not what it should be, the sandbox
 * awaits it and the layer, which names it by ID, is not known.
 */
export async function compileDevcontainers(engine: MemoryEngine, projects: Devcontainers): Promise<Desired> {
  const tags = Object.keys(projects).flatMap((name) => [`devc-acme-${name}:built`, `devc-acme-${name}:uid`]);
  const images = await inspectImages(engine, [...tags, "debian:12", "debian:13", "registry.test/pulled:1"]);
  const complete = Object.entries(projects).map(([name, project]): [string, ProjectOptions] => {
    const { base, dockerfile, layer, hooks, state, env } = project;
    const target = dockerfile?.broken ? { target: "broken" } : {};
    const build = dockerfile ? { build: { inputs: dockerfile.inputs, bases: [base], ...target } } : {};
    const options: ProjectOptions = { image: base, hooks, state, env: { V: env }, ...build };
    const whole = (more: ProjectOptions): ProjectOptions => {
      const own = desiredOf({ [name]: { ...options, ...more } }).resources.filter((one) => one.kind === "image");
      const pending = own.some((image) => imageReason(image, images) !== undefined);
      return { ...options, ...more, ...(pending ? { awaitsImage: true as const } : {}) };
    };
    const without = whole({});
    const baseId = images[dockerfile ? `devc-acme-${name}:built` : base]?.id;
    if (!layer || without.awaitsImage || baseId === undefined) return [name, without];
    return [name, whole({ layer: { inputs: sha256(baseId) } })];
  });
  return desiredOf(Object.fromEntries(complete));
}

/** What an apply is given. */
export type RoundsOptions = { client?: MemoryEngine; generation?: string };

/** One apply as the CLI makes it: rounds until nothing awaits an image. Fails when they do not come to an end. */
export async function applyInRounds(
  scene: Scene,
  projects: Devcontainers,
  { client = scene.engine, generation = "02APPLY" }: RoundsOptions = {},
): Promise<Round & { rounds: number }> {
  const rounds: Round[] = [];
  let chosen: string[] | undefined;
  do {
    if (rounds.length === MAX_ROUNDS) throw new Error(`${String(chosen)} still await an image`);
    const desired = await compileDevcontainers(client, projects);
    const live = await observe(client, desired, { refresh: true });
    const made = plan(desired, live, { allowDelete: 100, ...(chosen ? { projects: chosen } : {}) });
    const outcome = await execute(made, {
      engine: client,
      origin: { ...ORIGIN, generation },
      clock: scene.clock,
      emit: () => {},
      buildImage: fakeBuilder(),
      runHooks: scene.hooks.runHooks,
      hostValues: {},
    });
    rounds.push({ plan: made, outcome });
    chosen = readyProjects({ plan: made, outcome });
  } while (chosen.length > 0);
  return { ...mergeRounds(rounds, 0), rounds: rounds.length };
}
