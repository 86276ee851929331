import { expect, test } from "vitest";

import {
  parseMountObject,
  parseMountText,
  parseTmpfsText,
  parseVolumeText,
} from "../../../src/model/devcontainer/mount-grammar.ts";
import type { AskedMount } from "../../../src/model/devcontainer/mount-grammar.ts";

/** A mount with nothing but what is given. */
const mount = (rest: Partial<AskedMount>): AskedMount => ({
  type: "volume",
  target: "/t",
  beyond: [],
  ignored: [],
  ...rest,
});

test.each<[string, Partial<AskedMount>]>([
  ["type=bind,source=/a,target=/t", { type: "bind", source: "/a" }],
  ["TYPE=bind,src=/a,dst=/t", { type: "bind", source: "/a" }],
  ["type=volume,source=cache,destination=/t", { source: "cache" }],
  ["source=cache,target=/t", { source: "cache" }],
  ["type=volume,target=/t/", {}],
  ["type=bind,source=/a,target=/t,readonly", { type: "bind", source: "/a", readOnly: true }],
  ["type=bind,source=/a,target=/t,ro=true", { type: "bind", source: "/a", readOnly: true }],
  ["type=bind,source=/a,target=/t,readonly=0", { type: "bind", source: "/a" }],
  ['type=bind,"source=/a,b",target=/t', { type: "bind", source: "/a,b" }],
  ['type=bind,"source=/a""b",target=/t', { type: "bind", source: '/a"b' }],
  ["type=bind,source=/a=b,target=/t,consistency=cached", { type: "bind", source: "/a=b" }],
  ["type=bind,source=/a,target=/t,bind-propagation=rprivate", { type: "bind", source: "/a" }],
  [
    "type=bind,source=/a,target=/t,bind-propagation=rshared,bind-nonrecursive",
    { type: "bind", source: "/a", beyond: ["bind-propagation=rshared"], ignored: ["bind-nonrecursive"] },
  ],
  ["type=volume,source=c,target=/t,volume-nocopy", { source: "c", ignored: ["volume-nocopy"] }],
  ["type=volume,source=c,target=/t,volume-driver=local", { source: "c" }],
  [
    "type=volume,source=c,target=/t,volume-driver=nfs,volume-opt=device=/etc",
    { source: "c", beyond: ["volume-driver=nfs", "volume-opt=device=/etc"] },
  ],
  [
    "type=tmpfs,target=/t,tmpfs-size=64m,tmpfs-mode=1777",
    { type: "tmpfs", size: 2 ** 26, ignored: ["tmpfs-mode=1777"] },
  ],
])("--mount %s", (text, expected) => {
  expect(parseMountText(text)).toEqual({ mount: mount(expected) });
});

test.each([
  ["type=bind,source=/a", "has no target"],
  ["type=bind,target=/t", "has no source"],
  ["type=tmpfs,source=a,target=/t", "of type tmpfs has a source"],
  ["type=npipe,source=a,target=/t", "mounts of type 'npipe' are not supported"],
  ["type=volume,source=/a,target=/t", "'/a' is not the name of a volume"],
  ["type=bind,source=/a,target=t", "'t' is not an absolute path"],
  ["type=bind,source=/a,target=/proc/x", "nothing can be mounted in /proc"],
  ["type=bind,source=/a,target=/t,readonly=maybe", "'maybe' is neither true nor false"],
  ["type=bind,source=/a,target=/t,volume-nocopy", "'volume-nocopy' is no part of a mount of type bind"],
  ["type=bind,source=/a,target=/t,bind-propagation=up", "'up' is not a propagation of mounts"],
  ["type=bind,sorce=/a,target=/t", "there is no key 'sorce' (did you mean 'source'?)"],
  ["type=bind,/a,target=/t", "'/a' in the mount"],
  ['type=bind,"source=/a,target=/t', "a quote stands inside of a part, or is not closed"],
  ["type=bind,source=/a,target=/t,", "'' in the mount"],
])("--mount %s means none", (text, problem) => {
  expect(parseMountText(text)).toEqual({ problem: expect.stringContaining(problem) });
});

test("a mount as a map has the keys of --mount, and others have no effect", () => {
  expect(parseMountObject({ type: "bind", source: "/a", target: "/t", readonly: true, color: "red" })).toEqual({
    mount: mount({ type: "bind", source: "/a", readOnly: true, ignored: ["color=red"] }),
  });
  expect(parseMountObject({ source: "a,b", target: "/t" })).toEqual({ mount: mount({ source: "a,b" }) });
});

test.each<[string, Partial<AskedMount>]>([
  ["/t", {}],
  ["cache:/t", { source: "cache" }],
  ["/a:/t:ro", { type: "bind", source: "/a", readOnly: true }],
  ["./a:/t:rw,cached,Z", { type: "bind", source: "./a", ignored: ["Z"] }],
  ["/a:/t:rshared", { type: "bind", source: "/a", beyond: ["rshared"] }],
])("-v %s", (text, expected) => {
  expect(parseVolumeText(text)).toEqual({ mount: mount(expected) });
});

test.each(["", "a:", ":/t", "/a:/t:ro:x", "/a:/t:roo", "a/b:/t"])("-v %j means none", (text) => {
  expect(parseVolumeText(text)).toEqual({ problem: expect.any(String) });
});

test("--tmpfs has a size, and what is so anyway is no word", () => {
  expect(parseTmpfsText("/t:rw,noexec,size=65536k,mode=700")).toEqual({
    mount: mount({ type: "tmpfs", size: 2 ** 26, ignored: ["mode=700"] }),
  });
  expect(parseTmpfsText("/t:size=lots")).toEqual({ problem: expect.stringContaining("'lots'") });
});
