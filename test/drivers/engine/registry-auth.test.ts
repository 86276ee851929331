import { describe, expect, it } from "vitest";

import { registryAuth, registryOf, usesCredentialHelper } from "../../../src/drivers/engine/registry-auth.ts";

const basic = (user: string, word: string) => ({ auth: Buffer.from(`${user}:${word}`).toString("base64") });
const read = (value: string | undefined) => value && JSON.parse(Buffer.from(value, "base64url").toString());
const config = (auths: object, more: object = {}) => JSON.stringify({ auths, ...more });

describe("the registry of a reference", () => {
  it.each([
    ["debian", "docker.io"],
    ["debian:bookworm", "docker.io"],
    ["library/debian", "docker.io"],
    ["docker.io/library/debian", "docker.io"],
    ["index.docker.io/library/debian", "docker.io"],
    ["ghcr.io/acme/web:1", "ghcr.io"],
    ["localhost/web", "localhost"],
    ["localhost:5000/web@sha256:00", "localhost:5000"],
  ])("%s is on %s", (reference, registry) => {
    expect(registryOf(reference)).toBe(registry);
  });
});

describe("the login for a pull", () => {
  it("comes from auths, by the registry of the reference", () => {
    const text = config({ "ghcr.io": basic("ada", "s:e:c"), "https://index.docker.io/v1/": basic("bob", "hub") });
    expect(read(registryAuth(text, "ghcr.io/acme/web"))).toEqual({
      username: "ada",
      password: "s:e:c",
      serveraddress: "ghcr.io",
    });
    expect(read(registryAuth(text, "debian"))).toMatchObject({
      username: "bob",
      serveraddress: "https://index.docker.io/v1/",
    });
    expect(registryAuth(text, "quay.io/x/y")).toBeUndefined();
  });

  it("is padded base64 in the alphabet of URLs", () => {
    for (const word of ["a", "ab", "abc", "???>>>"]) {
      const value = registryAuth(config({ "r.io": { username: "u", password: word } }), "r.io/x");
      expect(value).toMatch(/^[A-Za-z0-9_-]+={0,2}$/);
      expect((value as string).length % 4).toBe(0);
    }
  });

  it("may be a token, plain members, or kept under an address", () => {
    expect(read(registryAuth(config({ "r.io": { identitytoken: "t" } }), "r.io/x"))).toMatchObject({
      identitytoken: "t",
    });
    expect(read(registryAuth(config({ "https://r.io": { username: "u", password: "p" } }), "r.io/x"))).toMatchObject({
      username: "u",
    });
  });

  it("is none without a configuration or with an empty entry", () => {
    expect(registryAuth(undefined, "r.io/x")).toBeUndefined();
    expect(registryAuth("{}", "r.io/x")).toBeUndefined();
    expect(registryAuth(config({ "r.io": {} }), "r.io/x")).toBeUndefined();
  });

  it("is known to be with a helper, which is not asked", () => {
    expect(usesCredentialHelper(config({}, { credsStore: "desktop" }), "r.io/x")).toBe(true);
    expect(usesCredentialHelper(config({}, { credHelpers: { "r.io": "gcloud" } }), "r.io/x")).toBe(true);
    expect(usesCredentialHelper(config({}, { credHelpers: { "r.io": "gcloud" } }), "debian")).toBe(false);
    expect(usesCredentialHelper(undefined, "debian")).toBe(false);
  });
});
