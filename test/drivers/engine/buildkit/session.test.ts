import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { connect } from "node:http2";
import type { ClientHttp2Session, IncomingHttpHeaders } from "node:http2";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Duplex } from "node:stream";

import { afterEach, describe, expect, it } from "vitest";

import { openConnections } from "../../../../src/drivers/engine/agent.ts";
import { readFields, textOf, writeBytes } from "../../../../src/drivers/engine/buildkit/protobuf.ts";
import { openSession } from "../../../../src/drivers/engine/buildkit/session.ts";
import { parseEndpoint } from "../../../../src/drivers/engine/endpoint.ts";
import { createTransport } from "../../../../src/drivers/engine/transport.ts";

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close();
});

type Asked = { status: string; message: string; body: Buffer };

/** A builder: takes the session over and asks on it, as BuildKit does. */
async function startBuilder() {
  const folder = await mkdtemp(join(tmpdir(), "devc-session-"));
  const socketPath = join(folder, "engine.sock");
  const server = createServer();
  const upgraded = once(server, "upgrade") as Promise<[{ headers: IncomingHttpHeaders; url: string }, Duplex]>;
  server.listen(socketPath);
  await once(server, "listening");
  closers.push(async () => {
    server.close();
    await rm(folder, { recursive: true });
  });
  const taken = upgraded.then(([request, socket]) => {
    socket.write("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
    const client = connect("http://localhost", { createConnection: () => socket });
    closers.push(() => client.destroy());
    return { request, client };
  });
  const endpoint = parseEndpoint(`unix://${socketPath}`, "given");
  const ssh = { home: folder, user: "nobody" };
  const transport = createTransport(endpoint, () => openConnections(endpoint, ssh));
  closers.push(() => transport.close());
  return { transport, taken };
}

async function ask(client: ClientHttp2Session, path: string, message: Uint8Array): Promise<Asked> {
  const stream = client.request({ ":method": "POST", ":path": path, "content-type": "application/grpc" });
  const trailers = once(stream, "trailers") as Promise<[IncomingHttpHeaders]>;
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(message.length, 1);
  stream.end(Buffer.concat([prefix, message]));
  const chunks = (await stream.toArray()) as Buffer[];
  const [{ "grpc-status": status, "grpc-message": text }] = await trailers;
  return { status: String(status), message: decodeURIComponent(String(text ?? "")), body: Buffer.concat(chunks) };
}

const ANSWERS = {
  secret: (id: string) => (id === "token" ? Buffer.from("s3cret") : undefined),
  login: (host: string) => (host === "registry.test" ? { username: "me", secret: "pw" } : undefined),
};

describe("a build session", () => {
  it("announces itself and what it serves", async () => {
    const { transport, taken } = await startBuilder();
    const session = await openSession(transport, "1.51", ANSWERS);
    closers.push(() => session.close());
    const { request, client } = await taken;
    await ask(client, "/grpc.health.v1.Health/Check", new Uint8Array());
    expect(request.url).toBe("/v1.51/session");
    expect(request.headers).toMatchObject({
      upgrade: "h2c",
      "x-docker-expose-session-uuid": session.id,
      "x-docker-expose-session-name": "devc",
    });
    expect(request.headers["x-docker-expose-session-grpc-method"]).toContain(
      "/moby.buildkit.secrets.v1.Secrets/GetSecret",
    );
  });

  it("gives the secrets and logins it has, and is healthy", async () => {
    const { transport, taken } = await startBuilder();
    const session = await openSession(transport, "1.51", ANSWERS);
    closers.push(() => session.close());
    const { client } = await taken;
    const secret = await ask(client, "/moby.buildkit.secrets.v1.Secrets/GetSecret", writeBytes({ 1: "token" }));
    expect(secret.status).toBe("0");
    expect(textOf(readFields(secret.body.subarray(5)), 1)).toBe("s3cret");
    const login = await ask(client, "/moby.filesync.v1.Auth/Credentials", writeBytes({ 1: "registry.test" }));
    const fields = readFields(login.body.subarray(5));
    expect([textOf(fields, 1), textOf(fields, 2)]).toEqual(["me", "pw"]);
    const health = await ask(client, "/grpc.health.v1.Health/Check", new Uint8Array());
    expect([health.status, [...health.body]]).toEqual(["0", [0, 0, 0, 0, 2, 8, 1]]);
  });

  it("refuses what it does not have, does not serve or cannot read", async () => {
    const { transport, taken } = await startBuilder();
    const session = await openSession(transport, "1.51", ANSWERS);
    closers.push(() => session.close());
    const { client } = await taken;
    const unknown = await ask(client, "/moby.buildkit.secrets.v1.Secrets/GetSecret", writeBytes({ 1: "other" }));
    expect(unknown).toEqual({ status: "5", message: "no secret other", body: Buffer.alloc(0) });
    const none = await ask(client, "/moby.filesync.v1.Auth/Credentials", writeBytes({ 1: "elsewhere.test" }));
    expect([none.status, none.body.length]).toEqual(["0", 5]);
    expect((await ask(client, "/moby.filesync.v1.FileSync/DiffCopy", new Uint8Array())).status).toBe("12");
    const junk = await ask(client, "/moby.buildkit.secrets.v1.Secrets/GetSecret", Uint8Array.from([0x0a, 0x7f]));
    expect(junk.status).toBe("13");
  });
});
