import fc from "fast-check";
import { expect, test } from "vitest";

import { NAME_PATTERN } from "../../src/model/manifest.ts";
import {
  addressOf,
  candidateName,
  containerName,
  formerName,
  imageName,
  parseAddress,
  recordName,
  volumeName,
} from "../../src/model/names.ts";
import { readImage } from "../../src/model/read-values.ts";

const name = fc.stringMatching(new RegExp(NAME_PATTERN)).filter((text) => text.length <= 40);

test("an address is read back into its parts", () => {
  fc.assert(
    fc.property(name, name, (project, volume) => {
      for (const kind of ["image", "volume"] as const) {
        expect(parseAddress(addressOf(kind, project, volume))).toEqual({ kind, project, name: volume });
      }
      for (const kind of ["image", "network", "sandbox", "record"] as const) {
        expect(parseAddress(addressOf(kind, project))).toEqual({ kind, project });
      }
    }),
  );
});

test.each(["", "sandbox", "sandbox/", "sandbox/a/b", "volume/a", "volume/a/b/c", "pod/a", "sandbox//a"])(
  "%j is not an address",
  (text) => {
    expect(parseAddress(text)).toBeUndefined();
  },
);

test("different things of one workspace have different engine names", () => {
  const engineNames = (project: string) => {
    const container = containerName("acme", project);
    return [
      container,
      candidateName(container),
      formerName(container),
      volumeName("acme", project, "cache"),
      recordName("acme", project, "0123456789abcdef"),
    ];
  };
  fc.assert(
    fc.property(name, name, (a, b) => {
      fc.pre(a !== b);
      const all = [...engineNames(a), ...engineNames(b)];
      expect(new Set(all).size).toBe(all.length);
    }),
  );
});

test("the longest names still fit what engines accept", () => {
  const longest = "x".repeat(40);
  expect(recordName(longest, longest, "0".repeat(64)).length).toBeLessThan(128);
  expect(volumeName(longest, longest, longest).length).toBeLessThan(255);
});

test("an image's name is one that engines accept, and different projects have different ones", () => {
  expect(imageName("acme", "web")).toBe("devc-acme-web");
  expect(imageName("acme", "a-_b")).toMatch(/^devc-acme-a-b-[0-9a-f]{8}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(readImage(`${imageName("acme", a)}:uid`)).toEqual({ value: `${imageName("acme", a)}:uid` });
      fc.pre(a !== b);
      expect(imageName("acme", a)).not.toBe(imageName("acme", b));
    }),
  );
});
