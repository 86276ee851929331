import { describe, expect, it } from "vitest";

import { parseEndpoint } from "../../../src/drivers/engine/endpoint.ts";
import { DevcError } from "../../../src/model/errors.ts";

const TLS = { verify: true, ca: "CA" };

describe("an engine address", () => {
  it.each([
    ["unix:///var/run/docker.sock", { kind: "unix", path: "/var/run/docker.sock" }],
    ["npipe:////./pipe/docker_engine", { kind: "npipe", path: "//./pipe/docker_engine" }],
    ["tcp://10.0.0.1:4243", { kind: "tcp", host: "10.0.0.1", port: 4243 }],
    ["tcp://build", { kind: "tcp", host: "build", port: 2375 }],
    ["http://build:80", { kind: "tcp", host: "build", port: 80 }],
    ["tcp://[fd00::1]:2375", { kind: "tcp", host: "fd00::1", port: 2375 }],
    ["https://build", { kind: "tcp", host: "build", port: 2376, tls: { verify: true } }],
    ["ssh://ada@build", { kind: "ssh", host: "build", port: 22, user: "ada" }],
    [
      "ssh://build:2222/run/podman/podman.sock",
      { kind: "ssh", host: "build", port: 2222, socketPath: "/run/podman/podman.sock" },
    ],
  ])("%s is understood", (url, address) => {
    expect(parseEndpoint(url, "DOCKER_HOST")).toEqual({ ...address, url, origin: "DOCKER_HOST" });
  });

  it("takes certificates for tcp and https, and turns to the TLS port", () => {
    expect(parseEndpoint("tcp://build", "x", TLS)).toMatchObject({ port: 2376, tls: TLS });
    expect(parseEndpoint("https://build", "x", TLS)).toMatchObject({ port: 2376, tls: TLS });
  });

  it("is never TLS when it says http", () => {
    expect(parseEndpoint("http://build:2375", "x", TLS)).not.toHaveProperty("tls");
  });

  it.each([
    ["fd://", "'fd' is not known"],
    ["ftp://host", "'ftp' is not known"],
    ["localhost:2375", "it has no scheme"],
    ["", "it has no scheme"],
    ["unix://var/run/docker.sock", "must be absolute"],
    ["unix://", "must be absolute"],
    ["npipe://docker_engine", "a named pipe is"],
    ["tcp://", "it is no address"],
    ["tcp://host:99999", "it is no address"],
    ["tcp://host:2375/path", "a host and a port only"],
    ["tcp://ada@host", "a host and a port only"],
    ["ssh://ada:secret@host", "use a key or an agent"],
    ["ssh://", "it is no address"],
    ["https://host?x=1", "it is no address"],
  ])("'%s' is refused with what is allowed", (url, why) => {
    const error = failure(() => parseEndpoint(url, "DEVC_ENGINE"));
    expect(error.code).toBe("usage");
    expect(error.message).toContain("DEVC_ENGINE");
    expect(error.message).toContain(why);
    expect(error.hint).toContain("unix:///path");
  });

  it("suggests a scheme for a bare path", () => {
    expect(failure(() => parseEndpoint("/var/run/docker.sock", "--engine")).hint).toBe(
      "write unix:///var/run/docker.sock",
    );
  });
});

function failure(work: () => unknown): DevcError {
  try {
    work();
  } catch (error) {
    if (error instanceof DevcError) return error;
    throw error;
  }
  throw new Error("the address was accepted");
}
