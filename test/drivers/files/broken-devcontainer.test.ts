import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

import { expect, test } from "vitest";

import { failure, load } from "./load-fixture.ts";

const fixtures = fileURLToPath(new URL("../../../fixtures/devcontainer/broken/", import.meta.url));
const cases = readdirSync(fixtures);

type Expected = { code: string; at: string; suggestion?: string }[];

test("at least forty broken workspaces with a devcontainer.json are kept", () => {
  expect(cases.length).toBeGreaterThanOrEqual(40);
});

test.each(cases)("%s is refused with every problem located", async (name) => {
  const folder = `${fixtures}${name}`;
  const expected = JSON.parse(readFileSync(`${folder}/expected.json`, "utf8")) as Expected;

  const error = await failure(load(folder));

  expect(error.code).toBe("manifest-invalid");
  const found = error.issues.map(({ code, position, suggestion }) => ({
    code,
    at: `${position?.file}:${position?.line}:${position?.column}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  }));
  expect(found).toEqual(expected);
  for (const { position, code } of error.issues) {
    const { file = "", line = 0, source } = position ?? {};
    if (code === "not-a-file") continue;
    expect(source).toBe(readFileSync(`${folder}/${file}`, "utf8").split("\n")[line - 1]?.trimEnd());
  }
});
