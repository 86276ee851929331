import { createHash } from "node:crypto";

import { describe, expect, it } from "vitest";

import { findEndpoint } from "../../../src/drivers/engine/discovery.ts";
import type { DiscoveryWorld } from "../../../src/drivers/engine/world.ts";
import { DevcError } from "../../../src/model/errors.ts";

type Setup = Partial<Pick<DiscoveryWorld, "explicit" | "env" | "platform" | "uid">> & {
  /** Text by path; an empty text is a socket. */
  files?: Record<string, string>;
  /** Paths that answer; all sockets when absent. */
  answering?: string[];
};

const HOME = "/home/ada";

function world({ files = {}, env = {}, platform = "linux", ...rest }: Setup): DiscoveryWorld {
  const paths = Object.keys(files);
  return {
    env,
    platform,
    home: HOME,
    ...rest,
    files: {
      read: (path) => files[path],
      exists: (path) => paths.includes(path),
      list: (folder) => {
        const below = paths.filter((path) => path.startsWith(`${folder}/`));
        return [...new Set(below.map((path) => path.slice(folder.length + 1).split("/")[0] as string))].toSorted();
      },
    },
  };
}

async function find(setup: Setup): Promise<{ url: string; origin: string; probed: string[] }> {
  const probed: string[] = [];
  const { url, origin } = await findEndpoint(world(setup), async (endpoint) => {
    probed.push(endpoint.url);
    const answers = setup.answering === undefined || setup.answering.some((path) => endpoint.url.endsWith(path));
    return answers ? undefined : "nothing listens there";
  });
  return { url, origin, probed };
}

function context(name: string, docker: object, folder = `${HOME}/.docker`): Record<string, string> {
  const key = createHash("sha256").update(name).digest("hex");
  return { [`${folder}/contexts/meta/${key}/meta.json`]: JSON.stringify({ Name: name, Endpoints: { docker } }) };
}

const CURRENT = { [`${HOME}/.docker/config.json`]: JSON.stringify({ currentContext: "colima" }) };
const SOCKET = { "/var/run/docker.sock": "" };

describe("which engine is used", () => {
  it.each<{ title: string; setup: Setup; url: string; origin: string }>([
    {
      title: "--engine before everything",
      setup: {
        explicit: "unix:///a",
        env: { DEVC_ENGINE: "unix:///b", DOCKER_HOST: "unix:///c" },
        files: { ...CURRENT, ...SOCKET },
      },
      url: "unix:///a",
      origin: "--engine",
    },
    {
      title: "DEVC_ENGINE before DOCKER_HOST",
      setup: { env: { DEVC_ENGINE: "unix:///b", DOCKER_HOST: "unix:///c" }, files: SOCKET },
      url: "unix:///b",
      origin: "DEVC_ENGINE",
    },
    {
      title: "DOCKER_HOST before the context",
      setup: { env: { DOCKER_HOST: "unix:///c", DOCKER_CONTEXT: "colima" }, files: CURRENT },
      url: "unix:///c",
      origin: "DOCKER_HOST",
    },
    {
      title: "an empty variable counts as not set",
      setup: { env: { DEVC_ENGINE: "", DOCKER_HOST: "" }, files: SOCKET },
      url: "unix:///var/run/docker.sock",
      origin: "Docker",
    },
    {
      title: "the current context before known places",
      setup: { files: { ...CURRENT, ...context("colima", { Host: "unix:///colima.sock" }), ...SOCKET } },
      url: "unix:///colima.sock",
      origin: "docker context colima",
    },
    {
      title: "DOCKER_CONTEXT before the context of config.json",
      setup: { env: { DOCKER_CONTEXT: "far" }, files: { ...CURRENT, ...context("far", { Host: "ssh://ada@far" }) } },
      url: "ssh://ada@far",
      origin: "docker context far",
    },
    {
      title: "contexts from DOCKER_CONFIG",
      setup: {
        env: { DOCKER_CONFIG: "/cfg", DOCKER_CONTEXT: "far" },
        files: context("far", { Host: "tcp://far:1" }, "/cfg"),
      },
      url: "tcp://far:1",
      origin: "docker context far",
    },
    {
      title: "the default context means the known places",
      setup: { env: { DOCKER_CONTEXT: "default" }, files: SOCKET },
      url: "unix:///var/run/docker.sock",
      origin: "Docker",
    },
  ])("$title", async ({ setup, url, origin }) => {
    expect(await find(setup)).toMatchObject({ url, origin });
  });

  it("does not probe what a person named", async () => {
    expect((await find({ explicit: "unix:///a", answering: [] })).probed).toEqual([]);
    expect((await find({ env: { DOCKER_HOST: "unix:///c" }, answering: [] })).probed).toEqual([]);
  });

  it.each<[string, NodeJS.Platform, string, Setup]>([
    ["Docker", "linux", "/var/run/docker.sock", {}],
    ["rootless Docker", "linux", "/run/user/1000/docker.sock", { uid: 1000 }],
    ["rootless Docker", "linux", "/run/me/docker.sock", { uid: 1000, env: { XDG_RUNTIME_DIR: "/run/me" } }],
    ["rootless Docker", "linux", `${HOME}/.docker/run/docker.sock`, {}],
    ["Docker Desktop", "linux", `${HOME}/.docker/desktop/docker.sock`, {}],
    ["Docker", "darwin", "/var/run/docker.sock", {}],
    ["Docker Desktop", "darwin", `${HOME}/.docker/run/docker.sock`, {}],
    ["Colima", "darwin", `${HOME}/.colima/default/docker.sock`, {}],
    ["Colima", "darwin", `${HOME}/.colima/work/docker.sock`, {}],
    ["Colima", "darwin", `${HOME}/.config/colima/default/docker.sock`, {}],
    ["Colima", "linux", "/colima/default/docker.sock", { env: { COLIMA_HOME: "/colima" } }],
    ["OrbStack", "darwin", `${HOME}/.orbstack/run/docker.sock`, {}],
    ["Rancher Desktop", "darwin", `${HOME}/.rd/docker.sock`, {}],
    ["Lima", "darwin", `${HOME}/.lima/docker/sock/docker.sock`, {}],
    ["Lima", "linux", "/lima/other/sock/docker.sock", { env: { LIMA_HOME: "/lima" } }],
    ["rootless Podman", "linux", "/run/user/1000/podman/podman.sock", { uid: 1000 }],
    ["Podman", "linux", "/run/podman/podman.sock", {}],
    ["Podman machine", "darwin", "/tmp/x/podman/podman-machine-default-api.sock", { env: { TMPDIR: "/tmp/x/" } }],
    ["Podman machine", "darwin", `${HOME}/.local/share/containers/podman/machine/podman.sock`, {}],
    ["Podman machine", "linux", `${HOME}/.local/share/containers/podman/machine/qemu/podman.sock`, {}],
    ["Podman in Lima", "darwin", `${HOME}/.lima/podman/sock/podman.sock`, {}],
  ])("finds %s on %s at %s", async (origin, platform, path, setup) => {
    const found = await find({ ...setup, platform, files: { [path]: "" } });
    expect(found).toEqual({ url: `unix://${path}`, origin, probed: [`unix://${path}`] });
  });

  it.each([
    ["Docker", "//./pipe/docker_engine"],
    ["Docker Desktop", "//./pipe/dockerDesktopLinuxEngine"],
    ["Podman machine", "//./pipe/podman-machine-default"],
  ])("finds %s on Windows at %s", async (origin, pipe) => {
    expect(await find({ platform: "win32", answering: [pipe] })).toMatchObject({ origin, url: `npipe://${pipe}` });
  });

  it("prefers Docker to Podman, and the chosen Colima profile to others", async () => {
    const both = { "/var/run/docker.sock": "", "/run/podman/podman.sock": "" };
    expect((await find({ files: both })).origin).toBe("Docker");
    const profiles = { [`${HOME}/.colima/a/docker.sock`]: "", [`${HOME}/.colima/b/docker.sock`]: "" };
    const chosen = await find({ platform: "darwin", files: profiles, env: { COLIMA_PROFILE: "b" } });
    expect(chosen.url).toBe(`unix://${HOME}/.colima/b/docker.sock`);
  });

  it("goes on when a place does not answer", async () => {
    const files = { "/var/run/docker.sock": "", "/run/podman/podman.sock": "" };
    const found = await find({ files, answering: ["podman.sock"] });
    expect(found.origin).toBe("Podman");
    expect(found.probed).toEqual(["unix:///var/run/docker.sock", "unix:///run/podman/podman.sock"]);
  });
});

describe("no engine", () => {
  it("lists every place that was tried and why not", async () => {
    const error = await failure({ uid: 7, files: SOCKET, answering: [] });
    expect(error.code).toBe("engine-not-found");
    expect(error.details).toContain("DOCKER_HOST: not set");
    expect(error.details).toContain("Docker (unix:///var/run/docker.sock): nothing listens there");
    expect(error.details).toContain("rootless Podman (unix:///run/user/7/podman/podman.sock): no such socket");
    expect(error.details.length).toBeGreaterThan(12);
    expect(error.hint).toContain("--engine");
  });

  it("tells a socket that may not be looked at", async () => {
    const denied = Object.assign(new Error("EACCES: permission denied, stat"), { code: "EACCES" });
    const closed = world({});
    const files = {
      ...closed.files,
      exists: () => {
        throw denied;
      },
    };
    const error = await findEndpoint({ ...closed, files }, async () => undefined).catch(
      (reason: unknown) => reason as DevcError,
    );
    expect((error as DevcError).details).toContain("Docker (unix:///var/run/docker.sock): permission denied");
  });

  it("is not looked for elsewhere when the selected context is broken", async () => {
    const error = await failure({ env: { DOCKER_CONTEXT: "gone" }, files: SOCKET });
    expect(error).toMatchObject({ code: "engine-not-found", message: expect.stringContaining("docker context gone") });
    const corrupt = await failure({ files: { [`${HOME}/.docker/config.json`]: "{", ...SOCKET } });
    expect(corrupt).toMatchObject({ code: "engine-not-found", subject: `${HOME}/.docker/config.json` });
    const scheme = await failure({
      env: { DOCKER_CONTEXT: "odd" },
      files: { ...context("odd", { Host: "fd://" }), ...SOCKET },
    });
    expect(scheme).toMatchObject({ code: "usage", message: expect.stringContaining("docker context odd") });
  });

  it("is not looked for elsewhere when a named address is malformed", async () => {
    expect((await failure({ env: { DOCKER_HOST: "docker.sock" }, files: SOCKET })).code).toBe("usage");
  });
});

describe("TLS", () => {
  const certificates = (folder: string) => ({
    [`${folder}/ca.pem`]: "CA",
    [`${folder}/cert.pem`]: "CERT",
    [`${folder}/key.pem`]: "KEY",
  });
  const tlsOf = async (setup: Setup) => {
    const endpoint = await findEndpoint(world(setup), async () => undefined);
    return endpoint.kind === "tcp" ? endpoint.tls : undefined;
  };
  const all = { verify: true, ca: "CA", cert: "CERT", key: "KEY" };
  const env = { DOCKER_HOST: "tcp://far:2376" };

  it("is off for tcp unless a variable asks for it", async () => {
    expect(await tlsOf({ env, files: certificates(`${HOME}/.docker`) })).toBeUndefined();
  });

  it.each([
    ["DOCKER_CERT_PATH", { DOCKER_TLS_VERIFY: "1", DOCKER_CERT_PATH: "/certs" }, "/certs"],
    ["the configuration folder", { DOCKER_TLS_VERIFY: "1" }, `${HOME}/.docker`],
    ["DOCKER_CONFIG", { DOCKER_TLS: "1", DOCKER_CONFIG: "/cfg" }, "/cfg"],
  ])("takes certificates from %s", async (_from, more, folder) => {
    expect(await tlsOf({ env: { ...env, ...more }, files: certificates(folder) })).toEqual(all);
  });

  it("verifies with the system's authorities when there are no certificates", async () => {
    expect(await tlsOf({ env: { ...env, DOCKER_TLS_VERIFY: "1" } })).toEqual({ verify: true });
  });

  it("takes a context's own certificates, unverified only when the context says so", async () => {
    const key = createHash("sha256").update("far").digest("hex");
    const files = certificates(`${HOME}/.docker/contexts/tls/${key}/docker`);
    const withHost = (docker: object) => ({
      env: { DOCKER_CONTEXT: "far" },
      files: { ...files, ...context("far", docker) },
    });
    expect(await tlsOf(withHost({ Host: "tcp://far:1" }))).toEqual(all);
    expect(await tlsOf(withHost({ Host: "tcp://far:1", SkipTLSVerify: true }))).toEqual({ ...all, verify: false });
  });
});

async function failure(setup: Setup): Promise<DevcError> {
  const error = await find(setup).then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(DevcError);
  return error as DevcError;
}
