import fc from "fast-check";
import { expect, test } from "vitest";
import { stringify } from "yaml";

import { checkStructure } from "../../src/model/check-structure.ts";
import { layerSchema, manifestSchema } from "../../src/model/manifest-schema.ts";
import { parseYaml } from "../../src/model/parse-yaml.ts";
import { readLayer } from "../../src/model/read-layer.ts";
import { sourceText } from "../../src/model/source.ts";

function check(value: object) {
  const { document } = parseYaml(sourceText("t.yaml", stringify(value, { aliasDuplicateObjects: false })));
  if (!document) throw new Error("the test's own YAML must parse");
  return checkStructure(document, "manifest");
}

/** Values that a manifest may hold somewhere, and values that it may hold nowhere. */
const scalar = fc.constantFrom<unknown>(
  "debian",
  "",
  "web",
  "/data",
  1,
  0,
  2.5,
  true,
  null,
  "running",
  "none",
  "bind",
  "1GiB",
  [],
  {},
);
const keys = [
  "version",
  "workspace",
  "extends",
  "defaults",
  "profiles",
  "projects",
  "web",
  "image",
  "env",
  "mounts",
  "type",
  "source",
  "target",
  "size",
  "resources",
  "memory",
  "pids",
  "capabilities",
  "add",
  "network",
  "mode",
  "volumes",
  "state",
  "zzz",
];
const any = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: "small", maxDepth: 5 },
    scalar,
    fc.dictionary(fc.constantFrom(...keys), tie("value")),
    fc.array(tie("value"), { maxLength: 3 }),
  ),
}));
const file = fc.record(
  {
    version: fc.oneof(fc.constant(1), any.value),
    workspace: fc.oneof(fc.constant("acme"), any.value),
    extends: any.value,
    defaults: any.value,
    profiles: fc.oneof(any.value, fc.dictionary(fc.constantFrom("mine", "Bad"), any.value)),
    projects: fc.oneof(any.value, fc.dictionary(fc.constantFrom("web", "api", "Bad"), any.value)),
    zzz: any.value,
  },
  { requiredKeys: ["version"] },
);

test("every file is either sound or has located issues, and what is left of it is always sound", () => {
  fc.assert(
    fc.property(file, (value) => {
      const { file: sound, document, issues } = check(value);
      expect(issues.length === 0).toBe(manifestSchema.safeParse(value).success);
      expect(layerSchema.safeParse(document.value).data).toEqual(sound);
      for (const { position, code } of issues)
        expect([position?.file, code]).toEqual(["t.yaml", expect.stringMatching(/^[a-z-]+$/)]);
      expect(() => readLayer(0, document, sound)).not.toThrow();
    }),
    { numRuns: 200 },
  );
});

test("a value that is left out of a list does not shift the places of the others", () => {
  const mounts = [{ type: "nfs" }, "./a", { type: "tmpfs", target: "relative" }];
  const { document, file: sound, issues } = check({ version: 1, workspace: "acme", projects: { web: { mounts } } });
  const { issues: found } = readLayer(0, document, sound);
  const lines = [...issues, ...found].map(({ code, position }) => `${code} ${position?.source?.trim()}`);
  expect(lines).toEqual(["invalid-value - type: nfs", "invalid-mount - ./a", "invalid-target target: relative"]);
});

test("a long value is shortened in a message", () => {
  const { issues } = check({ version: 1, workspace: "acme", projects: { web: { state: "x".repeat(500) } } });
  expect(issues[0]?.message.length).toBeLessThan(120);
});
