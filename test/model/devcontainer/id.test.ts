import { expect, test } from "vitest";

import { devcontainerId } from "../../../src/model/devcontainer/id.ts";

/** Computed apart from devc: SHA-256 over JSON with sorted keys, as a number of base 32 with 52 digits. */
const GOLDEN: [Record<string, string>, string][] = [
  [
    {
      "devcontainer.local_folder": "/home/dev/app",
      "devcontainer.config_file": "/home/dev/app/.devcontainer/devcontainer.json",
    },
    "06jak1t63th5o5cossaef7l468f48s1skje843igi9758sgeud4q",
  ],
  [{ n: "2203" }, "000vf3kaho8ei51c1j9ru8ciq1ie7agboit4th2oso4v32mcsnau"],
];

test.each(GOLDEN)("the ID of %j is the one every tool computes", (labels, id) => {
  expect(devcontainerId(labels)).toBe(id);
});

test("the ID does not depend on the order of the labels", () => {
  const [[labels, id]] = GOLDEN as [[Record<string, string>, string]];
  expect(devcontainerId(Object.fromEntries(Object.entries(labels).toReversed()))).toBe(id);
});
