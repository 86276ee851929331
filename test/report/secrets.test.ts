import { describe, expect, it } from "vitest";

import { HIDDEN, looksSecret, maskSecrets, maskValue } from "../../src/report/secrets.ts";

describe("names", () => {
  it.each([
    "NPM_TOKEN",
    "GITHUB_PAT",
    "DB_PASSWORD",
    "AWS_SECRET_ACCESS_KEY",
    "apiKey",
    "api-key",
    "SSH_PRIVATE_KEY",
    "GHTOKEN",
    "MYSQL_PWD",
    "SENTRY_DSN",
  ])("%s looks secret", (name) => {
    expect(looksSecret(name)).toBe(true);
  });

  it.each(["MODE", "NODE_ENV", "PATH", "PWD", "KEYBOARD", "MONKEY", "AUTHOR", "SSH_AUTH_SOCK", "COMPASS"])(
    "%s does not",
    (name) => {
      expect(looksSecret(name)).toBe(false);
    },
  );
});

it("hides a value that carries a password under a harmless name", () => {
  expect(maskValue("DATABASE_URL", "postgres://me:hunter2@db/x")).toBe(HIDDEN);
  expect(maskValue("HOMEPAGE", "https://example.com/a:b@c")).toBe("https://example.com/a:b@c");
});

it("hides values in env objects at any depth and in patches, and changes nothing else", () => {
  const value = {
    ops: [{ op: "container.create", spec: { env: { A: "1", API_KEY: "s1" }, image: "x" } }],
    patch: [
      { op: "test", path: "/env/API_KEY", value: "s2" },
      { op: "replace", path: "/env/A", value: "2" },
      { op: "add", path: "/env", value: { TOKEN: "s3", B: "3" } },
      { op: "add", path: "/hostname", value: "KEY" },
    ],
  };
  expect(maskSecrets(value)).toEqual({
    ops: [{ op: "container.create", spec: { env: { A: "1", API_KEY: HIDDEN }, image: "x" } }],
    patch: [
      { op: "test", path: "/env/API_KEY", value: HIDDEN },
      { op: "replace", path: "/env/A", value: "2" },
      { op: "add", path: "/env", value: { TOKEN: HIDDEN, B: "3" } },
      { op: "add", path: "/hostname", value: "KEY" },
    ],
  });
});

it("hides values in what a devcontainer.json says, in build arguments, and inside the metadata label", () => {
  const metadata = [{ containerEnv: { TOKEN: "s1", A: "1" }, remoteEnv: { API_KEY: null }, args: ["TOKEN"] }];
  const labels = { "devcontainer.metadata": JSON.stringify(metadata), other: "kept" };
  const masked = maskSecrets({ labels, build: { args: { NPM_TOKEN: "s2", MODE: "x" } } });
  expect(masked).toEqual({
    labels: {
      "devcontainer.metadata": JSON.stringify([
        { containerEnv: { TOKEN: HIDDEN, A: "1" }, remoteEnv: { API_KEY: null }, args: ["TOKEN"] },
      ]),
      other: "kept",
    },
    build: { args: { NPM_TOKEN: HIDDEN, MODE: "x" } },
  });
  expect(maskSecrets({ "devcontainer.metadata": "no json: hunter2" })).toEqual({ "devcontainer.metadata": HIDDEN });
});
