import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { MemoryCall, MemoryEngine, MemorySnapshot } from "../../src/drivers/engine/memory/types.ts";
import { LABEL, plainLabels } from "../../src/model/labels.ts";
import { savedPlanOf } from "../../src/reconcile/saved-plan.ts";
import type { ApplyEvent } from "../../src/reconcile/events.ts";
import {
  arbitraryProject,
  arbitraryProjects,
  arbitraryScenario,
  compileProjects,
  PROJECTS,
} from "../support/arbitrary.ts";
import { applyOnce, buildWorld, EMPTY_WORLD, planOnce, sandboxesOf } from "../support/memory-world.ts";
import { check } from "../support/prop-runs.ts";
import { ORIGIN } from "../support/workspace.ts";

const TIMEOUT = 300_000;

describe("invariant 10: what is not ours is never touched", () => {
  it(
    "leaves strangers exactly as they are, whatever labels they carry, and never names them in a call",
    async () => {
      await check(
        2000,
        fc.asyncProperty(arbitraryScenario({ projects: 3, strangers: 8 }), async ({ world, projects }) => {
          const desired = compileProjects(projects);
          const { engine, strangers, ...rest } = await buildWorld({ ...world, deeds: [] }, desired);
          const before = pick(engine.snapshot(), strangers);
          await applyOnce({ engine, strangers, ...rest }, desired, { pruneVolumes: true });
          await applyOnce({ engine, strangers, ...rest }, compileProjects({}), { pruneVolumes: true });
          expect(pick(engine.snapshot(), strangers)).toEqual(before);
          const named = mutations(engine.calls).filter(({ args }) =>
            args.some((argument) => strangers.has(String(argument))),
          );
          expect(named).toEqual([]);
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "reports every stranger that carries our workspace label",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryScenario({ projects: 3, strangers: 8 }), async ({ world, projects }) => {
          const desired = compileProjects(projects);
          const { engine, strangers } = await buildWorld({ ...world, deeds: [] }, desired);
          const { foreign } = await planOnce(engine, desired);
          const { containers, networks, volumes } = engine.snapshot();
          const labelled = [
            ...containers,
            ...networks,
            ...volumes.map((volume) => ({ id: volume.name, labels: volume.labels })),
          ].filter(({ id, labels }) => strangers.has(id) && labels[LABEL.workspace] === ORIGIN.workspace);
          expect(foreign.map(({ id }) => id)).toEqual(expect.arrayContaining(labelled.map(({ id }) => id)));
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "refuses a workspace that belongs to another folder and changes nothing",
    async () => {
      await check(
        300,
        fc.asyncProperty(
          arbitraryScenario({ projects: 3 }),
          fc.constantFrom("container", "network", "volume"),
          async (scenario, kind) => {
            const desired = compileProjects(scenario.projects);
            const scene = await buildWorld(scenario.world, desired);
            const labels = {
              ...plainLabels(ORIGIN, "network/p0", { driver: "bridge" }),
              [LABEL.root]: "/elsewhere",
              [LABEL.live]: "v1:0",
              [LABEL.image]: "x",
            };
            const { create } = scene.engine.hands;
            if (kind === "network") await create.createNetwork({ name: "theirs", labels, spec: { driver: "bridge" } });
            else if (kind === "volume")
              await create.createVolume({ name: "theirs", labels, spec: { driver: "local" } });
            else {
              const imageId =
                (await scene.engine.inspectImage("debian:13"))?.id ?? scene.engine.hands.image("debian:13", {});
              const spec = { image: "debian:13", network: { mode: "none" } } as const;
              await create.createContainer({ name: "theirs", imageId, labels, spec });
            }
            const before = scene.engine.snapshot();
            await expect(applyOnce(scene, desired)).rejects.toMatchObject({ code: "workspace-root-conflict" });
            expect(scene.engine.snapshot()).toEqual(before);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

describe("invariants 3 and 10: names that somebody else holds", () => {
  it(
    "are refused every time, with the holder untouched and other projects done",
    async () => {
      await check(
        500,
        fc.asyncProperty(
          arbitraryProject,
          arbitraryProjects(3),
          fc.constantFrom("container", "network", "volume"),
          async (wanted, others, kind) => {
            const projects = { ...others, p7: { ...wanted, open: true, volumes: ["cache"] } };
            const desired = compileProjects(projects);
            const scene = await buildWorld(EMPTY_WORLD, desired);
            const holder = await squat(scene.engine, kind);
            const before = pick(scene.engine.snapshot(), new Set([holder]));
            for (let round = 0; round < 2; round += 1) {
              const { outcome } = await applyOnce(scene, desired);
              const failed = outcome.resources.filter(({ error }) => error !== undefined);
              expect(failed.map(({ address, error }) => [address.split("/")[1], error?.code])).toEqual([
                ["p7", "engine-conflict"],
              ]);
              const undone = outcome.resources.filter(({ result }) => result !== "done");
              expect(undone.every(({ address }) => address.split("/")[1] === "p7")).toBe(true);
              expect(pick(scene.engine.snapshot(), new Set([holder]))).toEqual(before);
            }
          },
        ),
      );
    },
    TIMEOUT,
  );

  /** Makes something without labels under a name that project p7 needs; gives its ID, or its name when it is a volume. */
  async function squat({ hands, inspectImage }: MemoryEngine, kind: string): Promise<string> {
    const name = "devc-acme-p7";
    if (kind === "network") {
      return (await hands.create.createNetwork({ name, labels: {}, spec: { driver: "bridge" } })).id;
    }
    if (kind === "volume") {
      await hands.create.createVolume({ name: `${name}.cache`, labels: {}, spec: { driver: "local" } });
      return `${name}.cache`;
    }
    const imageId = (await inspectImage("debian:12"))?.id ?? "";
    const spec = { image: "debian:12", network: { mode: "none" } } as const;
    return (await hands.create.createContainer({ name, imageId, labels: {}, spec })).id;
  }
});

describe("invariant 11: data and protected sandboxes are safe", () => {
  it(
    "removes no volume with data unless it was asked to",
    async () => {
      await check(
        1500,
        fc.asyncProperty(arbitraryScenario({ projects: 4 }), async ({ world, projects }) => {
          const desired = compileProjects(projects);
          const scene = await buildWorld(world, desired);
          const data = (state: MemorySnapshot): string[] =>
            state.volumes.map(({ name }) => name).filter((name) => !name.includes(".updated-"));
          const before = data(scene.engine.snapshot());
          const { plan } = await applyOnce(scene, desired);
          await applyOnce(scene, compileProjects({}));
          expect(data(scene.engine.snapshot())).toEqual(expect.arrayContaining(before));
          const removed = plan.ops.flatMap((op) => (op.op === "volume.remove" ? [op.name] : []));
          expect(removed.filter((name) => !name.includes(".updated-"))).toEqual([]);
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "removes exactly the volumes that are not declared when it was asked to",
    async () => {
      await check(
        500,
        fc.asyncProperty(arbitraryProjects(3), arbitraryProjects(3), async (before, after) => {
          const free = Object.fromEntries(
            Object.entries(after).map(([name, project]) => [name, { ...project, protect: false }]),
          );
          const scene = await buildWorld({ ...EMPTY_WORLD, before }, compileProjects(free));
          const { outcome } = await applyOnce(scene, compileProjects(free), { pruneVolumes: true });
          expect(outcome.resources.filter(({ result }) => result !== "done")).toEqual([]);
          const declared = compileProjects(free).resources.flatMap((one) => (one.kind === "volume" ? [one.name] : []));
          const names = scene.engine.snapshot().volumes.map(({ name }) => name);
          expect(names.filter((name) => !name.includes(".updated-")).toSorted()).toEqual(declared.toSorted());
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "never replaces or deletes a protected sandbox",
    async () => {
      await check(
        1500,
        fc.asyncProperty(
          arbitraryScenario({ projects: 3 }),
          fc.subarray(PROJECTS.slice(0, 3)),
          async (scenario, kept) => {
            const protectedNow = Object.entries(scenario.projects).flatMap(([name, { protect }]) =>
              protect ? [name] : [],
            );
            const desired = compileProjects(scenario.projects);
            const scene = await buildWorld(scenario.world, desired);
            const safe = (name: string): boolean =>
              [...protectedNow, ...kept].includes(name.replace(/^devc-acme-/, ""));
            const finals = scene.engine.snapshot().containers.filter(({ name }) => safe(name));
            await applyOnce(scene, desired, { protectedProjects: kept });
            const left = new Set(scene.engine.snapshot().containers.map(({ id }) => id));
            const declared = new Set(sandboxesOf(desired).map(({ name }) => name));
            const shouldStay = finals.filter(({ name }) => {
              const project = name.replace(/^devc-acme-/, "");
              return declared.has(name) ? protectedNow.includes(project) : kept.includes(project);
            });
            expect(shouldStay.filter(({ id }) => !left.has(id)).map(({ name }) => name)).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );

  it(
    "guards every plan that deletes many sandboxes",
    async () => {
      await check(
        500,
        fc.asyncProperty(arbitraryProjects(8), fc.subarray([...PROJECTS]), async (projects, dropped) => {
          const scene = await buildWorld({ ...EMPTY_WORLD, before: projects }, compileProjects(projects));
          const kept = Object.fromEntries(Object.entries(projects).filter(([name]) => !dropped.includes(name)));
          const existing = Object.keys(projects).length;
          const deleted = existing - Object.keys(kept).length;
          const guardsOf = async (allowed?: number): Promise<number> => {
            const options =
              allowed === undefined
                ? { allowDelete: Math.max(2, Math.floor(existing * 0.3)) }
                : { allowDelete: allowed };
            const { changes } = await planOnce(scene.engine, compileProjects(kept), options);
            return changes.filter(({ guards }) => guards.some(({ code }) => code === "mass-delete")).length;
          };
          expect(await guardsOf()).toBe(deleted > Math.max(2, Math.floor(existing * 0.3)) ? deleted : 0);
          expect(await guardsOf(deleted)).toBe(0);
        }),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 18: secrecy", () => {
  it(
    "writes no environment value into a saved plan, an outcome, or what is told of a failure",
    async () => {
      await check(
        500,
        fc.asyncProperty(
          arbitraryProjects(3),
          fc.constantFrom("debian:12", "fails:exits", "absent:1"),
          async (projects, image) => {
            const secret = "s3cr3t-value-0123456789";
            const withSecret = Object.fromEntries(
              Object.entries(projects).map(([name, project]) => [name, { ...project, image, env: { TOKEN: secret } }]),
            );
            const scene = await buildWorld(EMPTY_WORLD, compileProjects(withSecret));
            const events: ApplyEvent[] = [];
            const { plan, outcome } = await applyOnce(scene, compileProjects(withSecret), {
              emit: (event) => events.push(event),
            });
            const saved = savedPlanOf(plan, { devc: "0.1.0", manifest: "hash", engine: "memory", hostValues: [] });
            const failures = events.filter(({ type }) => type !== "op_start" && type !== "op_done").map(withoutOp);
            expect(JSON.stringify([saved, outcome, failures])).not.toContain(secret);
            if (Object.keys(projects).length > 0) expect(JSON.stringify(plan)).toContain(secret);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

/** Events name their operation, of which renderers show the name and the cause. */
function withoutOp(event: ApplyEvent): unknown {
  if (!("op" in event)) return event;
  const { op, ...rest } = event;
  return { ...rest, op: { n: op.n, op: op.op, address: op.address, cause: op.cause } };
}

function pick({ containers, networks, volumes }: MemorySnapshot, ids: Set<string>): unknown {
  return {
    containers: containers.filter(({ id }) => ids.has(id)),
    networks: networks.filter(({ id }) => ids.has(id)),
    volumes: volumes.filter(({ name }) => ids.has(name)),
  };
}

function mutations(calls: readonly MemoryCall[]): MemoryCall[] {
  return calls.filter(({ kind }) => kind === "mutation");
}
