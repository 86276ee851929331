import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { Ajv2020 } from "ajv/dist/2020.js";
import { expect, test } from "vitest";
import { parse } from "yaml";
import * as z from "zod";

import { customizationsSchema, manifestSchema } from "../../src/model/manifest-schema.ts";

const top = fileURLToPath(new URL("../../", import.meta.url));
const schema = JSON.parse(readFileSync(`${top}devc.schema.json`, "utf8")) as Record<string, unknown>;
const validate = new Ajv2020({ strict: true, allErrors: true, allowUnionTypes: true }).compile(schema);

function read(path: string): unknown {
  return parse(readFileSync(`${top}${path}`, "utf8"));
}

test("the published schema is the one of the code", () => {
  expect(schema).toEqual(z.toJSONSchema(manifestSchema, { io: "input", target: "draft-2020-12" }));
});

test("the published schema of customizations.devc is the one of the code and knows every key of the example", () => {
  const published = JSON.parse(readFileSync(`${top}schemas/customizations.devc.schema.json`, "utf8")) as {
    properties: object;
  };
  expect(published).toEqual(z.toJSONSchema(customizationsSchema, { io: "input", target: "draft-2020-12" }));
  const file = "fixtures/manifest/every-key/services/editor/.devcontainer/python/devcontainer.json";
  const { customizations } = read(file) as { customizations: { devc: object } };
  const isValid = new Ajv2020({ strict: true, allowUnionTypes: true }).compile(published);
  expect(isValid(customizations.devc)).toBe(true);
  expect(isValid({ ...customizations.devc, image: "debian" })).toBe(false);
  expect(Object.keys(customizations.devc)).toEqual(Object.keys(published.properties));
});

const good = [
  "fixtures/quickstart/devc.yaml",
  ...readdirSync(`${top}fixtures/manifest`).map((name) => `fixtures/manifest/${name}/devc.yaml`),
];

test.each(good)("%s is valid by the published schema", (path) => {
  validate(read(path));
  expect(validate.errors ?? []).toEqual([]);
});

/** Broken manifests whose fault is one of form, so that an editor marks it while it is being written. */
test.each(["capability-contradiction", "path-missing", "profile-cycle"])(
  "%s is of sound form: its fault is one of meaning",
  (name) => {
    expect(validate(read(`fixtures/broken/${name}/devc.yaml`))).toBe(true);
  },
);

test.each([
  "compose-keys",
  "empty-sections",
  "memory-units",
  "missing-version",
  "missing-workspace",
  "mount-target",
  "mount-type",
  "name-of-project",
  "name-of-variable",
  "name-too-long",
  "null-values",
  "number-as-image",
  "pids",
  "projects-as-list",
  "unknown-key-at-top",
  "unknown-key-in-mount",
  "unknown-key-in-profile",
  "version-as-text",
  "wrong-network-mode",
  "wrong-state",
  "wrong-types",
])("%s is not valid by the published schema", (name) => {
  expect(validate(read(`fixtures/broken/${name}/devc.yaml`))).toBe(false);
});

test("every key has a description or a title, and every example is valid itself", () => {
  const undescribed: string[] = [];
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  const visit = (node: unknown, path: string): void => {
    if (node === null || typeof node !== "object") return;
    const {
      examples,
      properties = {},
      ...rest
    } = node as { examples?: unknown[]; properties?: Record<string, Record<string, unknown>> };
    for (const example of examples ?? [])
      expect([path, example, ajv.validate(node as object, example)]).toEqual([path, example, true]);
    for (const [key, property] of Object.entries(properties)) {
      const isConstant = "const" in property;
      if (!property["description"] && !property["title"] && !isConstant) undescribed.push(`${path}/${key}`);
      visit(property, `${path}/${key}`);
    }
    for (const [key, value] of Object.entries(rest)) visit(value, `${path}/${key}`);
  };
  visit({ ...schema, $schema: undefined }, "");
  expect(undescribed).toEqual([]);
});
