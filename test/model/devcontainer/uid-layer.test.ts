import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";

import { expect, test } from "vitest";

import { adaptableUser, uidBuild } from "../../../src/model/devcontainer/uid-layer.ts";

const BASE = `sha256:${"a".repeat(64)}`;

function text(user = "dev.x", imageUser = ""): string {
  const build = uidBuild({ base: BASE, imageUser, user, uid: 1234, gid: 2345 });
  return build && "text" in build.dockerfile ? build.dockerfile.text : "";
}

/** What the layer's script makes of two files, in every shell there is; `chown` only tells what it would do. */
function run(shell: string, passwd: string, group: string): { passwd: string; group: string; chown: string } {
  const root = mkdtempSync(path.join(tmpdir(), "devc-uid-"));
  try {
    writeFileSync(path.join(root, "passwd"), passwd.replaceAll("HOME", root));
    writeFileSync(path.join(root, "group"), group);
    const script = text()
      .replace(/^[\s\S]*\nRUN /, "")
      .replaceAll("/etc/", `${root}/`);
    const chown = `chown() { echo "$@" > ${root}/chown; }\n`;
    writeFileSync(path.join(root, "chown"), "");
    execFileSync(shell, ["-c", chown + script]);
    const read = (name: string) => readFileSync(path.join(root, name), "utf8").replaceAll(root, "HOME");
    expect(readdirSync(root).toSorted()).toEqual(["chown", "group", "passwd"]);
    return { passwd: read("passwd"), group: read("group"), chown: read("chown").trim() };
  } finally {
    rmSync(root, { recursive: true });
  }
}

const ROOT = "root:x:0:0::/root:/bin/sh\n";

/** Files before and after, and what becomes the user's. */
const CASES: [title: string, before: [string, string], after: [string, string], chown: string][] = [
  [
    "both IDs change, and those of similar names do not",
    [
      `${ROOT}devyx:x:999:999::/h:/s\ndev.x:x:1000:1000:A B:HOME:/s\n`,
      "root:x:0:\nadev.x:x:11000:\ndev.x:x:1000:a,b\n",
    ],
    [
      `${ROOT}devyx:x:999:999::/h:/s\ndev.x:x:1234:2345:A B:HOME:/s\n`,
      "root:x:0:\nadev.x:x:11000:\ndev.x:x:2345:a,b\n",
    ],
    "-hR 1234:2345 HOME",
  ],
  ["no such user", [`${ROOT}dev:x:5:5::/x:/s`, "root:x:0:\n"], [`${ROOT}dev:x:5:5::/x:/s`, "root:x:0:\n"], ""],
  [
    "the IDs are the wanted ones",
    [`${ROOT}dev.x:x:1234:2345::HOME:/s\n`, "dev.x:x:2345:\n"],
    [`${ROOT}dev.x:x:1234:2345::HOME:/s\n`, "dev.x:x:2345:\n"],
    "",
  ],
  [
    "another user has the user ID",
    [`${ROOT}ubuntu:x:1234:7::/u:/s\ndev.x:x:1000:1000::HOME:/s\n`, "dev.x:x:1000:\n"],
    [`${ROOT}ubuntu:x:1234:7::/u:/s\ndev.x:x:1000:1000::HOME:/s\n`, "dev.x:x:1000:\n"],
    "",
  ],
  [
    "another group has the group ID, and the last lines have no end",
    [`${ROOT}dev.x:x:1000:1000::HOME:/s`, "staff:x:2345:\ndev.x:x:1000:"],
    [`${ROOT}dev.x:x:1234:1000::HOME:/s`, "staff:x:2345:\ndev.x:x:1000:"],
    "-hR 1234:1000 HOME",
  ],
  [
    "the user's group is root's",
    [`${ROOT}dev.x:x:1000:0::HOME:/s\n`, "root:x:0:\n"],
    [`${ROOT}dev.x:x:1234:0::HOME:/s\n`, "root:x:0:\n"],
    "-hR 1234:0 HOME",
  ],
  [
    "the home folder is none or the root",
    [`${ROOT}dev.x:x:1000:1000::/:/s\n`, "dev.x:x:1000:\n"],
    [`${ROOT}dev.x:x:1234:2345::/:/s\n`, "dev.x:x:2345:\n"],
    "",
  ],
];

test.each(CASES)("%s", (_title, [passwd, group], [passwdAfter, groupAfter], chown) => {
  for (const shell of ["/bin/dash", "/bin/bash"]) {
    const after = run(shell, passwd, group);
    const ended = (file: string, model: string) => (model.endsWith("\n") ? file : file.replace(/\n$/, ""));
    expect({ ...after, passwd: ended(after.passwd, passwd), group: ended(after.group, group) }).toEqual({
      passwd: passwdAfter,
      group: groupAfter,
      chown,
    });
  }
});

test("the layer starts from the image's ID and leaves the image's user as it is", () => {
  expect(text().startsWith(`FROM ${BASE}\nUSER root\nRUN `)).toBe(true);
  expect(text()).not.toMatch(/USER (?!root)/);
  expect(text("dev", "node:node").endsWith("\nUSER node:node\n")).toBe(true);
  expect(text("dev", "node\nRUN evil")).toBe("");
});

test("its inputs change with everything in it", () => {
  const change = { base: BASE, imageUser: "", user: "dev", uid: 1, gid: 2 };
  const builds = [change, { ...change, uid: 3 }, { ...change, user: "app" }, { ...change, imageUser: "x" }].map(
    uidBuild,
  );
  expect(new Set(builds.map((build) => build?.inputs)).size).toBe(4);
  expect(builds[0]).toEqual(uidBuild({ ...change }));
});

test.each([
  ["dev", "dev"],
  ["dev:staff", "dev"],
  ["root", undefined],
  ["0:0", undefined],
  ["1000", undefined],
  ["", undefined],
  [undefined, undefined],
  ["a'b", undefined],
  ["-x", undefined],
])("of the user %j %j is adapted", (user, expected) => {
  expect(adaptableUser(user)).toBe(expected);
});
