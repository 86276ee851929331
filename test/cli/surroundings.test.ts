import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { surroundingsOf } from "../../src/cli/surroundings.ts";
import { nodeFiles } from "../../src/drivers/files/node-files.ts";
import { DevcError } from "../../src/model/errors.ts";

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), "devc-surroundings-")));
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

/** The surroundings of a process whose random bytes are all the same. */
function world(byte = 7, fs = nodeFiles) {
  const randomBytes = (length: number) => new Uint8Array(length).fill(byte);
  return surroundingsOf({ fs, home, env: { TOKEN: "t" }, stateDir: join(home, "state"), randomBytes }, {});
}

const keyFile = () => join(home, "state/host-values.key");

test("a value has one placeholder, which does not tell it", () => {
  const { hide } = world();
  const [one, again, other] = [hide("hunter2"), hide("hunter2"), hide("hunter3")];
  expect(one).toMatch(/^hosts:[0-9a-f]{32}$/);
  expect(again).toBe(one);
  expect(other).not.toBe(one);
});

test("a later process gives the same placeholders, with a key that only its owner can read", () => {
  const first = world(7).hide("hunter2");
  expect(world(8).hide("hunter2")).toBe(first);
  expect(statSync(keyFile()).mode & 0o777).toBe(0o600);
  expect(readFileSync(keyFile(), "utf8")).toBe("07".repeat(32));
});

test("another key gives other placeholders", () => {
  const first = world(7).hide("hunter2");
  rmSync(keyFile());
  expect(world(8).hide("hunter2")).not.toBe(first);
});

test("no key is made as long as nothing is hidden", () => {
  world();
  expect(nodeFiles.lstat(keyFile())).toBeUndefined();
});

test("of two processes that begin at once the first key counts for both", () => {
  const late = { ...nodeFiles, lstat: (path: string) => (path === keyFile() ? undefined : nodeFiles.lstat(path)) };
  const first = world(7).hide("hunter2");
  expect(world(8, late).hide("hunter2")).toBe(first);
});

test.each([
  ["cannot be kept", () => writeFileSync(join(home, "state"), "")],
  [
    "is not one devc wrote",
    () => {
      mkdirSync(join(home, "state"));
      writeFileSync(keyFile(), "short");
    },
  ],
])("a key that %s is an error, not a key for one run", (problem, damage) => {
  damage();
  const hidden = () => world().hide("hunter2");
  expect(hidden).toThrow(DevcError);
  expect(hidden).toThrow(problem);
});

test("a host path is what it leads to, and what is never given is refused", () => {
  writeFileSync(join(home, "file"), "");
  symlinkSync("file", join(home, "link"));
  symlinkSync("gone", join(home, "dangling"));
  const { hostPath, refused } = world();
  expect(hostPath(join(home, "link"))).toEqual({ real: join(home, "file"), kind: "file" });
  expect(hostPath(home)).toEqual({ real: home, kind: "directory" });
  expect(hostPath("/dev/null")).toEqual({ real: "/dev/null", kind: "other" });
  expect(hostPath(join(home, "dangling"))).toBeUndefined();
  expect(refused(join(home, "file"))).toBeUndefined();
  expect(refused(home)).toContain("home folder");
});
