import fc from "fast-check";
import { expect, test } from "vitest";

import type { Issue } from "../../src/model/errors.ts";
import { mergeLayers } from "../../src/model/merge.ts";
import { builtInProfile } from "../../src/model/profiles.ts";
import type { ProfileEntry } from "../../src/model/read-layer.ts";
import { resolveProfiles } from "../../src/model/resolve-profiles.ts";
import { sourceText } from "../../src/model/source.ts";

function resolve(profiles: Record<string, Partial<ProfileEntry>>) {
  const issues: Issue[] = [];
  const entries = Object.entries(profiles).map(([name, entry]) => [name, { resources: {}, ...entry }] as const);
  const document = { source: sourceText("t", ""), value: {}, marks: { start: 0 } };
  const merged = mergeLayers([{ file: 0, document, profiles: Object.fromEntries(entries) }]);
  const book = resolveProfiles(merged.profiles, (issue) => void issues.push(issue));
  return { book, codes: issues.map(({ code }) => code), issues };
}

test("a profile is its base with its own values laid over it", () => {
  const { book, codes } = resolve({
    b: { extends: "a", resources: { pids: 10 }, capabilities: { add: ["NET_RAW"], drop: ["CHOWN"] } },
    a: { extends: "moderate", network: "none", noNewPrivileges: true, resources: { memory: 5 } },
  });
  const moderate = builtInProfile("moderate");
  expect(codes).toEqual([]);
  expect(book.get("b")?.posture).toEqual({
    network: "none",
    noNewPrivileges: true,
    gpus: true,
    resources: { ...moderate?.resources, memory: 5, pids: 10 },
    capabilities: [...(moderate?.capabilities ?? []).filter((name) => name !== "CHOWN"), "NET_RAW"].toSorted(),
  });
});

test("a profile that only extends keeps the mode of its base, also the closed allowlist", () => {
  const { book } = resolve({ mine: { extends: "moderate" } });
  expect(book.get("mine")?.posture).toEqual(builtInProfile("moderate"));
});

test("each circle is one issue, and nothing on or behind it has a posture", () => {
  const { book, codes, issues } = resolve({
    a: { extends: "b" },
    b: { extends: "a" },
    c: { extends: "c" },
    behind: { extends: "a" },
    fine: { extends: "strict" },
  });
  expect(codes).toEqual(["profile-cycle", "profile-cycle"]);
  expect(issues[0]?.message).toContain("a → b → a");
  expect(["a", "b", "c", "behind", "fine"].map((name) => book.get(name) !== undefined)).toEqual([
    false,
    false,
    false,
    false,
    true,
  ]);
  expect(book.has("behind")).toBe(true);
});

test("chains of any shape are resolved or reported, and always end", () => {
  const names = ["a", "b", "c", "d", "e"];
  const base = fc.option(fc.constantFrom(...names, "strict", "permissive", "nowhere"), { nil: undefined });
  fc.assert(
    fc.property(fc.tuple(base, base, base, base, base), (bases) => {
      const profiles = Object.fromEntries(
        names.map((name, index) => [name, bases[index] === undefined ? {} : { extends: bases[index] }]),
      );
      const { book, codes } = resolve(profiles);
      const ends = (name: string, seen: string[] = []): boolean => {
        if (builtInProfile(name)) return true;
        const next = profiles[name]?.extends;
        return next !== undefined && !seen.includes(name) && ends(next, [...seen, name]);
      };
      for (const name of names) expect(book.get(name) !== undefined).toBe(ends(name));
      expect(codes.length === 0).toBe(names.every((name) => ends(name)));
    }),
  );
});
