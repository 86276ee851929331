import fc from "fast-check";
import { expect, test } from "vitest";

import type { DeclaredManifest } from "../../src/model/manifest.ts";
import { mergeLayers } from "../../src/model/merge.ts";
import type { Layer, Settings } from "../../src/model/read-layer.ts";
import { resolveManifest } from "../../src/model/resolve.ts";
import { sourceText } from "../../src/model/source.ts";

const DOCUMENT = { source: sourceText("t", ""), value: {}, marks: { start: 0 } };

type Entry = Partial<Omit<Settings, "mounts">> & { mounts?: string[] };
type File = { defaults?: Entry; web?: Entry };

function settings({ mounts, ...entry }: Entry): Settings {
  const list = mounts?.map((target, index) => ({ entry: { type: "tmpfs" as const, target }, index }));
  return { resources: {}, env: {}, volumes: {}, ...entry, ...(list ? { mounts: list } : {}) };
}

function layer({ defaults, web }: File, file: number): Layer {
  return {
    file,
    document: DOCUMENT,
    profiles: {},
    ...(defaults ? { defaults: settings(defaults) } : {}),
    ...(web ? { projects: { web: settings(web) } } : {}),
  };
}

function resolve(files: File[]): DeclaredManifest {
  const layers = [...files, { web: {} }].map(layer);
  return resolveManifest(mergeLayers(layers), { image: true, profile: () => false }).declared;
}

const entry: fc.Arbitrary<Entry> = fc.record(
  {
    image: fc.constantFrom("a", "b", "c"),
    user: fc.constantFrom("x", "y"),
    state: fc.constantFrom("running" as const, "stopped" as const),
    protect: fc.boolean(),
    profile: fc.constantFrom("strict", "moderate", "permissive"),
    resources: fc.record({ memory: fc.nat(), nanoCpus: fc.nat(), pids: fc.nat() }, { requiredKeys: [] }),
    env: fc.dictionary(fc.constantFrom("A", "B", "C"), fc.constantFrom("1", "2")),
    mounts: fc.uniqueArray(fc.constantFrom("/a", "/b", "/c")),
  },
  { requiredKeys: [] },
);
const file: fc.Arbitrary<File> = fc.record({ defaults: entry, web: entry }, { requiredKeys: [] });

/** Layers of the project in order: each file's defaults, above them its entry. */
const partsOf = (files: File[]) => files.flatMap(({ defaults, web }) => [defaults ?? {}, web ?? {}]);

test("of single values the highest layer's counts, of maps every layer's, of lists the highest whole", () => {
  fc.assert(
    fc.property(fc.array(file, { maxLength: 4 }), (files) => {
      const { projects, postures } = resolve(files);
      const [web] = projects;
      const parts = partsOf(files);
      const highest = <Key extends keyof Entry>(key: Key) => parts.findLast((part) => part[key] !== undefined)?.[key];
      expect(web?.image).toBe(highest("image") ?? "");
      expect(web?.user).toBe(highest("user"));
      expect(web?.state).toBe(highest("state") ?? "running");
      expect(web?.protect).toBe(highest("protect") ?? false);
      expect(web?.profile).toBe(highest("profile") ?? "moderate");
      expect(web?.env).toEqual(Object.assign({}, ...parts.map(({ env }) => env ?? {})));
      expect(Object.keys(web?.mounts ?? {})).toEqual((highest("mounts") ?? []).toSorted());
      const limits = Object.assign({}, ...parts.map(({ resources }) => resources ?? {})) as object;
      expect(postures[web?.posture ?? -1]?.resources).toMatchObject(limits);
    }),
  );
});

test("a layer that says nothing changes nothing, wherever it stands", () => {
  fc.assert(
    fc.property(fc.array(file, { maxLength: 3 }), fc.nat(3), (files, at) => {
      const padded = files.toSpliced(at, 0, {}, { defaults: {} }, { web: {} });
      expect(resolve(padded)).toEqual(resolve(files));
    }),
  );
});

test("a layer on top of itself changes nothing", () => {
  fc.assert(
    fc.property(file, (each) => {
      expect(resolve([each, each])).toEqual(resolve([each]));
    }),
  );
});

test("projects of equal posture share it", () => {
  const layers: Layer[] = [
    {
      file: 0,
      document: DOCUMENT,
      profiles: {},
      projects: { a: settings({}), b: settings({}), c: settings({ profile: "strict" }) },
    },
  ];
  const { postures, projects } = resolveManifest(mergeLayers(layers), { image: true, profile: () => false }).declared;
  expect(projects.map(({ posture }) => posture)).toEqual([0, 0, 1]);
  expect(postures).toHaveLength(2);
});

test("capabilities of each layer edit the set of the layer below", () => {
  const files: File[] = [
    { defaults: { profile: "moderate", capabilities: { add: ["SYS_PTRACE"], drop: ["ALL"] } } },
    { web: { capabilities: { add: ["NET_RAW"], drop: [] } } },
    { defaults: { capabilities: { add: [], drop: ["SYS_PTRACE"] } } },
  ];
  const { postures } = resolve(files);
  expect(postures[0]?.capabilities).toEqual(["NET_RAW"]);
});
