import { describe, expect, it } from "vitest";

import { parseEndpoint } from "../../../src/drivers/engine/endpoint.ts";
import { connectionError, refusalError, unlessGone } from "../../../src/drivers/engine/errors.ts";
import type { DevcError, ErrorCode } from "../../../src/model/errors.ts";

const ENDPOINT = parseEndpoint("unix:///run/e.sock", "DOCKER_HOST");

function refusal(status: number, body: string): DevcError {
  return refusalError({ what: "do it", subject: "web", method: "POST", path: "/x", status, body });
}

/** Status and words as real engines gave them. */
const ANSWERS: [string, number, string, ErrorCode][] = [
  [
    "Docker: name taken",
    409,
    'Conflict. The container name "/a" is already in use by container "b".',
    "engine-conflict",
  ],
  [
    "Podman: name taken",
    500,
    'creating container storage: the container name "a" is already in use by b.',
    "engine-conflict",
  ],
  [
    "Podman 5: rename to a name that is taken",
    500,
    "UNIQUE constraint failed: ContainerConfig.Name",
    "engine-conflict",
  ],
  ["Podman 4: network exists", 500, "network name a already used: network already exists", "engine-conflict"],
  ["Docker: network in use", 403, "error while removing network: network a has active endpoints", "engine-conflict"],
  ["Podman: network in use", 500, '"a" has associated containers with it: network is being used', "engine-conflict"],
  ["Docker: attached already", 403, "endpoint with name a already exists in network b", "engine-conflict"],
  ["Docker: volume in use", 409, "remove v: volume is in use - [a]", "engine-conflict"],
  ["Docker: no image", 404, "No such image: sha256:0", "image-not-found"],
  ["Podman 4: no image", 500, "sha256:0: image not known", "image-not-found"],
  ["Docker: no container", 404, "No such container: a", "not-found"],
  ["Docker 28: no network at start", 404, "failed to set up container networking: network a not found", "not-found"],
  ["Podman: no network at creation", 500, "unable to find network with name or ID a: network not found", "not-found"],
  ["Podman: no host folder", 500, "statfs /a: no such file or directory", "engine-rejected"],
  [
    "Podman: no program",
    500,
    "runc: exec: OCI runtime attempted to invoke a command that was not found",
    "engine-rejected",
  ],
  [
    "Docker: too many CPUs",
    400,
    "Range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available",
    "engine-rejected",
  ],
  ["something else", 500, "the disk is full", "engine-error"],
];

describe("what an engine refuses", () => {
  it.each(ANSWERS)("%s", (_title, status, message, code) => {
    const error = refusal(status, JSON.stringify({ message }));
    expect(error).toMatchObject({ code, subject: "web" });
    expect(error.message).toBe(`the engine could not do it: ${message}`);
    expect(error.details).toEqual([`POST /x answered ${status}: ${message}`]);
  });

  it("is told also when the answer is plain text or empty", () => {
    expect(refusal(404, "Not Found\n")).toMatchObject({
      code: "not-found",
      message: "the engine could not do it: Not Found",
    });
    expect(refusal(502, "").message).toContain("status 502 without a word");
    expect(refusal(500, JSON.stringify({ message: "one\n  two" })).message).toContain("one two");
  });
});

describe("a connection that fails", () => {
  it.each([
    ["ENOENT", "no such socket"],
    ["ECONNREFUSED", "nothing listens there"],
    ["EACCES", "permission denied"],
    ["ECONNRESET", "the connection broke"],
  ])("%s names the engine, where its address is from, and why", (code, why) => {
    const error = connectionError(ENDPOINT, { what: "list containers" }, Object.assign(new Error("x"), { code }));
    expect(error.code).toBe("engine-unreachable");
    expect(error.message).toBe(`the engine at unix:///run/e.sock (DOCKER_HOST) cannot be reached: ${why}`);
    expect(error.details).toEqual(["devc wanted to list containers"]);
  });

  it("keeps the words of causes it does not know", () => {
    expect(connectionError(ENDPOINT, { what: "x" }, new Error("self-signed certificate")).message).toContain(
      "self-signed certificate",
    );
  });

  it("is an interruption when devc itself gave up", () => {
    const abort = Object.assign(new Error("The operation was aborted"), { name: "AbortError" });
    expect(connectionError(ENDPOINT, { what: "x" }, abort).code).toBe("interrupted");
  });
});

describe("what is gone", () => {
  it("counts as the other value; every other failure stays one", async () => {
    expect(await unlessGone(Promise.reject(refusal(404, "no such volume")), "gone")).toBe("gone");
    expect(await unlessGone(Promise.resolve(1), "gone")).toBe(1);
    await expect(unlessGone(Promise.reject(refusal(500, "disk")), "gone")).rejects.toMatchObject({
      code: "engine-error",
    });
  });
});
