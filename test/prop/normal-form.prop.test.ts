import { readFileSync } from "node:fs";

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { hashMatches, hashOf } from "../../src/model/hash.ts";
import { LABEL } from "../../src/model/labels.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";
import type { Live } from "../../src/reconcile/live.ts";
import { observe } from "../../src/reconcile/observe.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { restrictTo } from "../engines/contract/context.ts";
import {
  arbitraryFields,
  arbitraryProjects,
  arbitraryResources,
  compileProjects,
  type Projects,
} from "../support/arbitrary.ts";
import { buildWorld, EMPTY_WORLD, planOnce } from "../support/memory-world.ts";
import { check } from "../support/prop-runs.ts";

const TIMEOUT = 300_000;

/** What version 0.1.0 wrote: specs with their hashes, and a workspace as the engine listed it. Never changed. */
const WRITTEN = JSON.parse(readFileSync(new URL("../../fixtures/hashes/v1.json", import.meta.url), "utf8")) as {
  specs: { spec: ContainerSpec; core: string; live: string }[];
  workspace: { projects: Projects; live: Live };
};

const arbitrarySpec: fc.Arbitrary<ContainerSpec> = fc
  .record({
    fields: arbitraryFields,
    resources: arbitraryResources,
    network: fc.constantFrom<ContainerSpec["network"]>(
      { mode: "none" },
      { mode: "bridge", networks: { n1: {} } },
      { mode: "bridge", networks: { n1: { aliases: ["db"] }, n2: {} } },
    ),
  })
  .map(({ fields, resources, network }) => ({
    image: "debian:12",
    ...fields,
    network,
    ...(Object.keys(resources).length > 0 ? { resources } : {}),
  }));

describe("invariant 12: round trip", () => {
  it(
    "reads every spec back as it was created",
    async () => {
      await check(
        2000,
        fc.asyncProperty(arbitrarySpec, fc.boolean(), async (spec, started) => {
          const { engine } = await buildWorld(EMPTY_WORLD, compileProjects({}));
          for (const name of ["n1", "n2"]) await engine.createNetwork({ name, labels: {}, spec: { driver: "bridge" } });
          const imageId = (await engine.inspectImage(spec.image))?.id ?? "";
          const labels = { [LABEL.image]: spec.image };
          const { id } = await engine.createContainer({ name: "box", imageId, labels, spec });
          if (started) await engine.startContainer(id);
          expect(restrictTo(spec, (await engine.inspectContainer(id))?.spec)).toEqual(spec);
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "finds no difference between what was applied and what an inspect of everything reads",
    async () => {
      await check(
        1000,
        fc.asyncProperty(arbitraryProjects(4), async (projects) => {
          const desired = compileProjects(projects);
          const { engine } = await buildWorld({ ...EMPTY_WORLD, before: projects }, desired);
          const { ops, changes } = await planOnce(engine, desired, {}, true);
          expect(ops).toEqual([]);
          expect(changes.flatMap(({ patch }) => patch)).toEqual([]);
        }),
      );
    },
    TIMEOUT,
  );
});

describe("invariant 13: stability of hashes", () => {
  it("still has the hashes that version 0.1.0 wrote", () => {
    for (const { spec, core, live } of WRITTEN.specs) {
      expect([hashOf("core", spec), hashOf("live", spec)]).toEqual([core, live]);
    }
  });

  it(
    "does not depend on the order of keys, nor on members that are undefined",
    async () => {
      await check(
        2000,
        fc.property(arbitrarySpec, (spec) => {
          const other = { ...reversed(spec), hostname: spec.hostname, runtime: undefined } as unknown as ContainerSpec;
          for (const part of ["core", "live"] as const) expect(hashOf(part, other)).toBe(hashOf(part, spec));
        }),
      );
    },
    TIMEOUT,
  );

  it(
    "changes with every field of its part, and with no field of the other",
    async () => {
      await check(
        2000,
        fc.property(arbitrarySpec, arbitrarySpec, fc.nat(), (spec, other, at) => {
          const fields = [...new Set([...Object.keys(spec), ...Object.keys(other)])] as (keyof ContainerSpec)[];
          const field = fields[at % fields.length] as keyof ContainerSpec;
          const { [field]: _taken, ...rest } = spec;
          const edited = (field in other ? { ...rest, [field]: other[field] } : rest) as ContainerSpec;
          const same = JSON.stringify(sorted(spec)) === JSON.stringify(sorted(edited));
          const part = field === "resources" ? "live" : "core";
          expect(hashMatches(part, hashOf(part, spec), edited)).toBe(same || field === "image");
          const otherPart = part === "live" ? "core" : "live";
          expect(hashMatches(otherPart, hashOf(otherPart, spec), edited)).toBe(true);
        }),
      );
    },
    TIMEOUT,
  );

  it("matches no label of a version it does not know", () => {
    const spec: ContainerSpec = { image: "debian:12", network: { mode: "none" } };
    expect(hashMatches("core", hashOf("core", spec).replace("v1:", "v2:"), spec)).toBe(false);
    expect(hashMatches("core", undefined, spec)).toBe(false);
  });
});

describe("invariant 22: upgrades", () => {
  it("has nothing to do for a workspace as version 0.1.0 left it", () => {
    const { projects, live } = WRITTEN.workspace;
    expect(plan(compileProjects(projects), live).ops).toEqual([]);
  });

  it(
    "has nothing to do for what another version made",
    async () => {
      await check(
        1000,
        fc.asyncProperty(
          arbitraryProjects(4),
          fc.constantFrom("0.0.1", "0.1.0", "9.0.0-next.1"),
          async (projects, version) => {
            const desired = compileProjects(projects);
            const { engine } = await buildWorld({ ...EMPTY_WORLD, before: projects }, desired);
            const live = await observe(engine, desired);
            for (const { labels } of [...live.containers, ...live.networks, ...live.volumes])
              labels[LABEL.version] = version;
            expect(plan(desired, live).ops).toEqual([]);
          },
        ),
      );
    },
    TIMEOUT,
  );
});

function reversed(value: unknown): Record<string, unknown> {
  return mapObject(value, (entries) => entries.toReversed()) as Record<string, unknown>;
}

function sorted(value: unknown): unknown {
  return mapObject(value, (entries) => entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function mapObject(value: unknown, arrange: (entries: [string, unknown][]) => [string, unknown][]): unknown {
  if (Array.isArray(value) || value === null || typeof value !== "object") return value;
  return Object.fromEntries(arrange(Object.entries(value)).map(([key, member]) => [key, mapObject(member, arrange)]));
}
