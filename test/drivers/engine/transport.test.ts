import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";

import { describe, expect, it } from "vitest";

import { openConnections } from "../../../src/drivers/engine/agent.ts";
import { parseEndpoint } from "../../../src/drivers/engine/endpoint.ts";
import type { Endpoint, TlsMaterial } from "../../../src/drivers/engine/endpoint.ts";
import { createProbe } from "../../../src/drivers/engine/probe.ts";
import { createTransport } from "../../../src/drivers/engine/transport.ts";
import { scriptEngine } from "./scripted-engine.ts";
import { selfSign } from "./self-signed.ts";

const SSH = { home: "/nowhere", user: "ada" };
const transportOf = (endpoint: Endpoint) => createTransport(endpoint, () => openConnections(endpoint, SSH));

describe("a request", () => {
  it("carries a JSON body with its length, and gives back JSON or nothing", async () => {
    await using scripted = await scriptEngine({
      "POST /a": { status: 201, json: { b: 1 } },
      "DELETE /a": { status: 204 },
    });
    const transport = transportOf(parseEndpoint(scripted.url, "x"));
    expect(await transport.json({ method: "POST", path: "/a", body: { t: "ü" }, what: "x" })).toEqual({ b: 1 });
    expect(await transport.json({ method: "DELETE", path: "/a", what: "x" })).toBeUndefined();
    expect(scripted.bodies).toEqual(['{"t":"ü"}', ""]);
    expect(scripted.headers[0]).toMatchObject({ "content-type": "application/json", "content-length": "10" });
    transport.close();
  });

  it("uses at most 32 connections and uses them again", async () => {
    await using scripted = await scriptEngine({ "GET /a": { json: 1 } });
    let opened = 0;
    scripted.server.on("connection", () => opened++);
    const transport = transportOf(parseEndpoint(scripted.url, "x"));
    const many = Array.from({ length: 200 }, () => transport.json({ method: "GET", path: "/a", what: "x" }));
    expect(await Promise.all(many)).toHaveLength(200);
    expect(opened).toBeLessThanOrEqual(32);
    transport.close();
  });

  it("gives up on an engine that does not answer in time", async () => {
    await using scripted = await scriptEngine({ "GET /a": () => {} });
    const transport = transportOf(parseEndpoint(scripted.url, "x"));
    const asking = transport.json({ method: "GET", path: "/a", what: "x", timeoutMs: 20 });
    await expect(asking).rejects.toMatchObject({
      code: "engine-unreachable",
      message: expect.stringContaining("it does not answer"),
    });
    transport.close();
  });

  it("fails clearly when the answer is no JSON", async () => {
    await using scripted = await scriptEngine({ "GET /a": (response) => response.end("<html>") });
    const transport = transportOf(parseEndpoint(scripted.url, "x"));
    const asking = transport.json({ method: "GET", path: "/a", what: "ask" });
    await expect(asking).rejects.toMatchObject({ code: "engine-error", details: ["<html>"] });
    transport.close();
  });

  it("does not take an ordinary answer for a stream", async () => {
    await using scripted = await scriptEngine({
      "POST /a": { json: {} },
      "POST /b": { status: 409, json: { message: "no" } },
    });
    const transport = transportOf(parseEndpoint(scripted.url, "x"));
    await expect(transport.upgrade({ method: "POST", path: "/a", what: "x" })).rejects.toMatchObject({
      code: "engine-error",
    });
    await expect(transport.upgrade({ method: "POST", path: "/b", what: "x" })).rejects.toMatchObject({
      code: "engine-conflict",
    });
    transport.close();
  });
});

describe("TLS", () => {
  /** A server with a certificate of its own authority that also wants one from the client. */
  async function serve() {
    const [own, client] = [selfSign("engine", { loopback: true }), selfSign("client", { loopback: false })];
    const options = { ...own, ca: client.cert, requestCert: true, rejectUnauthorized: true };
    const server = createServer(options, (request, response) =>
      response.end(JSON.stringify((request.socket as TLSSocket).getPeerCertificate().subject.CN)),
    );
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    return {
      tls: { verify: true, ca: own.cert, ...client },
      ask: async (tls: TlsMaterial) => {
        const transport = transportOf(parseEndpoint(`tcp://127.0.0.1:${port}`, "x", tls));
        return transport.json({ method: "GET", path: "/", what: "ask" }).finally(() => transport.close());
      },
      async [Symbol.asyncDispose]() {
        server.closeAllConnections();
        await new Promise((resolve) => server.close(resolve));
      },
    };
  }

  it("presents the client's certificate and checks the server's", async () => {
    await using server = await serve();
    expect(await server.ask(server.tls)).toBe("client");
    const { ca: _ca, ...unchecked } = server.tls;
    await expect(server.ask(unchecked)).rejects.toMatchObject({
      code: "engine-unreachable",
      message: expect.stringContaining("self-signed certificate"),
    });
    expect(await server.ask({ ...unchecked, verify: false })).toBe("client");
    const { cert: _cert, key: _key, ...anonymous } = server.tls;
    await expect(server.ask(anonymous)).rejects.toMatchObject({ code: "engine-unreachable" });
  });
});

describe("a probe", () => {
  it("pings an engine it does not know", async () => {
    await using scripted = await scriptEngine({ "GET /_ping": (response) => response.end("OK") });
    const probe = createProbe({ cacheDir: scripted.folder, now: () => 1, ssh: SSH });
    expect(await probe(parseEndpoint(scripted.url, "x"))).toBeUndefined();
    expect(scripted.asked).toEqual(["GET /_ping"]);
  });

  it("tells why something is no engine", async () => {
    await using scripted = await scriptEngine({
      "GET /_ping": { status: 503, json: { message: "the machine is stopped" } },
    });
    const probe = createProbe({ cacheDir: scripted.folder, now: () => 1, ssh: SSH });
    expect(await probe(parseEndpoint(scripted.url, "x"))).toContain("the machine is stopped");
    expect(await probe(parseEndpoint("unix:///nowhere.sock", "x"))).toBe("no such socket");
  });
});
