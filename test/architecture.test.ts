import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";

import { describe, expect, it } from "vitest";

const TOP = fileURLToPath(new URL("..", import.meta.url));

/** A room and what it may import: other rooms, single files of them, or, with `types`, only their types. */
type Rule = { rooms: string[]; types?: string[]; packages: string[] };

/** Dependencies point one way: cli → report, reconcile → model; drivers → model; reconcile knows drivers by their types. */
const RULES: Record<string, Rule> = {
  "src/model": { rooms: [], packages: ["zod", "yaml", "jsonc-parser", "fast-json-patch", "node:crypto", "node:path"] },
  "src/reconcile": {
    rooms: ["src/model"],
    types: ["src/drivers/engine/engine.ts"],
    packages: ["fast-json-patch"],
  },
  "src/report": {
    rooms: ["src/model", "src/reconcile"],
    packages: ["zod", "fast-json-patch", "node:readline", "node:stream"],
  },
  "src/drivers": {
    rooms: ["src/model"],
    types: ["src/reconcile/hook-runner.ts", "src/reconcile/image-builder.ts"],
    packages: ["@balena/dockerignore", "dockerode", "ssh2", "tar-stream", "yaml", "zod", "node:*"],
  },
  "src/cli": {
    rooms: ["src/model", "src/reconcile", "src/report", "src/drivers"],
    packages: ["yaml", "zod", "node:*"],
  },
};

/** Libraries that cost too much at start: no command may load them before it needs them. */
const HEAVY = new Set(["dockerode", "ssh2", "yaml", "jsonc-parser", "zod"]);

type Import = { from: string; names: string; typeOnly: boolean; dynamic: boolean; specifier: string };

const IMPORT = /^(import|export)\s+(type\s+)?([^;"']*?)\s*from\s*["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)/gm;

function importsOf(file: string): Import[] {
  const text = readFileSync(path.join(TOP, file), "utf8");
  return [...text.matchAll(IMPORT)].map(([, , type, names, fixed, dynamic]) => ({
    from: file,
    names: names ?? "",
    typeOnly: type !== undefined,
    dynamic: dynamic !== undefined,
    specifier: fixed ?? dynamic ?? "",
  }));
}

function filesIn(folder: string): string[] {
  return readdirSync(path.join(TOP, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => path.posix.join(folder, name.split(path.sep).join("/")));
}

const sources = filesIn("src");
const imports = sources.flatMap(importsOf);
const roomOf = (file: string): string => file.split("/").slice(0, 2).join("/");

/** The path from the top that a relative import leads to; undefined for packages. */
function targetOf({ from, specifier }: Import): string | undefined {
  if (!specifier.startsWith(".")) return undefined;
  return path.posix.normalize(path.posix.join(path.posix.dirname(from), specifier));
}

function allowed(one: Import, rule: Rule): boolean {
  const target = targetOf(one);
  if (target === undefined) {
    const name = one.specifier.startsWith("node:")
      ? one.specifier
      : (/^(@[^/]+\/)?[^/]+/.exec(one.specifier)?.[0] ?? "");
    return rule.packages.includes(name) || (name.startsWith("node:") && rule.packages.includes("node:*"));
  }
  if (target === "package.json") return one.from === "src/cli/version.ts";
  const room = roomOf(target);
  if (room === roomOf(one.from) || rule.rooms.includes(room)) return true;
  return one.typeOnly && (rule.types ?? []).includes(target);
}

const shown = ({ from, specifier, typeOnly }: Import): string => `${from} ${typeOnly ? "type " : ""}${specifier}`;

/** Packages whose code runs as soon as a file is imported. */
function packagesAtStart(file: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>();
  if (seen.has(file)) return packages;
  seen.add(file);
  for (const one of imports) {
    if (one.from !== file || one.typeOnly || one.dynamic) continue;
    const target = targetOf(one);
    const found = target === undefined ? [one.specifier] : packagesAtStart(target, seen);
    for (const name of found) packages.add(name);
  }
  return packages;
}

describe("dependencies", () => {
  it("are found by this test", () => {
    expect(imports.length).toBeGreaterThan(sources.length);
    expect(imports.some(({ typeOnly }) => typeOnly) && imports.some(({ dynamic }) => dynamic)).toBe(true);
  });

  it("exist only between rooms that may know each other", () => {
    const unknown = sources.filter((file) => !(roomOf(file) in RULES));
    expect(unknown, "every folder of src needs a rule").toEqual([]);
    const broken = imports.filter((one) => !allowed(one, RULES[roomOf(one.from)] as Rule));
    expect(broken.map(shown)).toEqual([]);
  });

  it("of drivers stay in their folder: one driver knows of another the type of an engine and of a file system", () => {
    const driverOf = (file: string): string => file.split("/").slice(0, 3).join("/");
    const crossing = imports.filter((one) => {
      const target = targetOf(one);
      if (!one.from.startsWith("src/drivers/") || !target?.startsWith("src/drivers/")) return false;
      // The file system's interface says how its errors are read; it holds nothing else.
      const contract =
        (one.typeOnly && target === "src/drivers/engine/engine.ts") || target === "src/drivers/files/files.ts";
      return driverOf(target) !== driverOf(one.from) && !contract;
    });
    expect(crossing.map(shown)).toEqual([]);
  });

  it("on heavy libraries are loaded when they are used, not when a command starts", () => {
    const commands = sources.filter((file) => file.startsWith("src/cli/") && file !== "src/cli/schema-table.ts");
    const loaded = commands.flatMap((file) => [...packagesAtStart(file)].map((name) => `${file} ${name}`));
    expect(loaded.filter((entry) => HEAVY.has(entry.split(" ")[1] ?? ""))).toEqual([]);
    expect([...packagesAtStart("src/cli/schema-table.ts")], "the search itself works").toContain("zod");
  });

  it("on the memory engine exist in tests only", () => {
    const memory = "src/drivers/engine/memory/";
    const users = imports.filter((one) => targetOf(one)?.startsWith(memory) && !one.from.startsWith(memory));
    expect(users.map(shown)).toEqual([]);
  });

  it("carry the extension of the file, and no file only passes others on", () => {
    const bare = imports.filter((one) => targetOf(one) !== undefined && !/\.(ts|json)$/.test(one.specifier));
    expect(bare.map(shown)).toEqual([]);
    const barrels = sources.filter((file) => /^export \* from/m.test(readFileSync(path.join(TOP, file), "utf8")));
    expect(barrels).toEqual([]);
  });
});

describe("printing", () => {
  it("happens nowhere below the commands but in src/report", () => {
    const printers = sources.filter((file) => {
      const text = readFileSync(path.join(TOP, file), "utf8");
      return /\bconsole\.|process\.(stdout|stderr)/.test(text);
    });
    // The entry, which answers `--version` before anything is loaded, and the host, which hands the streams over.
    expect(printers).toEqual(["src/cli/entry.ts", "src/cli/process-host.ts"]);
  });
});
