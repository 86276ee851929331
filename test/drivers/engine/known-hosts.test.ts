import { createHmac } from "node:crypto";

import { describe, expect, it } from "vitest";

import { judgeHostKey, knownKeyTypes } from "../../../src/drivers/engine/known-hosts.ts";

const KEY = Buffer.from("the key");
const OTHER = Buffer.from("another key");
const line = (hosts: string, key = KEY, type = "ssh-ed25519") => `${hosts} ${type} ${key.toString("base64")} comment`;

function hashed(name: string): string {
  const salt = Buffer.from("salt of twenty bytes");
  return `|1|${salt.toString("base64")}|${createHmac("sha1", salt).update(name).digest("base64")}`;
}

describe("a host's key", () => {
  it.each([
    ["a plain name", line("build"), "build", 22],
    ["one of several names", line("10.0.0.1,build"), "build", 22],
    ["a name in another case", line("Build"), "BUILD", 22],
    ["a port", line("[build]:2222"), "build", 2222],
    ["a hashed name", line(hashed("build")), "build", 22],
    ["a hashed name with a port", line(hashed("[build]:2222")), "build", 2222],
    ["a wildcard", line("*.example.com"), "a.example.com", 22],
  ])("is known by %s", (_title, text, host, port) => {
    expect(judgeHostKey(["# comment\n\n", text], host, port, KEY)).toBe("known");
  });

  it.each([
    ["nothing is on file", "", "build", 22],
    ["another host is on file", line("other"), "build", 22],
    ["another port is on file", line("build"), "build", 2222],
    ["the name is excluded", line("*.example.com,!a.example.com"), "a.example.com", 22],
    ["a dot is no wildcard", line("a.b"), "axb", 22],
    ["only an authority is on file", `@cert-authority ${line("build")}`, "build", 22],
    ["the line is cut", "build ssh-ed25519", "build", 22],
  ])("is unknown when %s", (_title, text, host, port) => {
    expect(judgeHostKey([text], host, port, KEY)).toBe("unknown");
  });

  it("is changed when others are on file, revoked when it is marked so", () => {
    expect(judgeHostKey([line("build", OTHER)], "build", 22, KEY)).toBe("changed");
    expect(judgeHostKey([`${line("build", OTHER)}\n${line("build")}`], "build", 22, KEY)).toBe("known");
    expect(judgeHostKey([`${line("build")}\n@revoked ${line("*")}`], "build", 22, KEY)).toBe("revoked");
  });

  it("has its types on file", () => {
    const text = `${line("build", KEY, "ssh-rsa")}\n${line("build", OTHER)}\n@revoked ${line("build", KEY, "ecdsa-sha2-nistp256")}`;
    expect(knownKeyTypes([text], "build", 22)).toEqual(["ssh-rsa", "ssh-ed25519"]);
  });
});
