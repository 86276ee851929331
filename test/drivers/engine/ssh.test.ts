import { mkdir, writeFile } from "node:fs/promises";
import { connect as connectSocket } from "node:net";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

import ssh2 from "ssh2";
import type { Connection } from "ssh2";
import { describe, expect, it } from "vitest";

import { connectEngine } from "../../../src/drivers/engine/connect.ts";
import { scriptEngine } from "./scripted-engine.ts";
import type { ScriptedEngine } from "./scripted-engine.ts";

const HOST_KEY = ssh2.utils.generateKeyPairSync("ed25519");
const USER_KEY = ssh2.utils.generateKeyPairSync("ed25519");

type Host = AsyncDisposable & { port: number; connections: number; opened: string[] };

/** An ssh server on loopback that lets `ada` in with one key and forwards to sockets of this machine. */
async function startHost(): Promise<Host> {
  const clients = new Set<Connection>();
  const host: Host = {
    port: 0,
    connections: 0,
    opened: [],
    async [Symbol.asyncDispose]() {
      for (const client of clients) client.end();
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
  const allowed = ssh2.utils.parseKey(USER_KEY.public);
  if (allowed instanceof Error) throw allowed;
  const server = new ssh2.Server({ hostKeys: [HOST_KEY.private] }, (client) => {
    clients.add(client);
    host.connections++;
    client.on("close", () => clients.delete(client));
    client.on("error", () => client.end());
    client.on("authentication", (context) => {
      const known =
        context.method === "publickey" && context.username === "ada" && context.key.data.equals(allowed.getPublicSSH());
      if (!known || (context.signature && !allowed.verify(context.blob as Buffer, context.signature)))
        return context.reject();
      return context.accept();
    });
    client.on("openssh.streamlocal", (accept, reject, { socketPath }) => {
      host.opened.push(socketPath);
      const socket = connectSocket(socketPath);
      socket.once("error", () => reject());
      socket.once("connect", () => {
        const channel = accept();
        socket.pipe(channel).pipe(socket);
      });
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  host.port = (server.address() as AddressInfo).port;
  return host;
}

/** A home folder with a key and a file of known hosts. */
async function homeOf({ folder }: ScriptedEngine, knownHosts: string, key = USER_KEY.private): Promise<string> {
  const home = join(folder, "home");
  await mkdir(join(home, ".ssh"), { recursive: true });
  await writeFile(join(home, ".ssh", "known_hosts"), knownHosts);
  await writeFile(join(home, ".ssh", "id_ed25519"), key);
  return home;
}

const known = ({ port }: Host, key = HOST_KEY.public) => `[127.0.0.1]:${port} ${key}\n`;
const NETWORKS = { "GET /v1.41/networks": { json: [] } };

describe("an engine behind ssh", () => {
  it("is reached through its socket over one connection, and lets the process end", async () => {
    await using scripted = await scriptEngine(NETWORKS);
    await using host = await startHost();
    const home = await homeOf(scripted, known(host));
    const url = `ssh://ada@127.0.0.1:${host.port}${scripted.socket}`;
    const engine = connectEngine(url, { cacheDir: scripted.folder, home, env: {} });
    await Promise.all([engine.listNetworks(), engine.facts()]);
    expect(await engine.listNetworks()).toEqual([]);
    expect(host.connections).toBe(1);
    expect(new Set(host.opened)).toEqual(new Set([scripted.socket]));
    engine.close();
  });

  it("is refused when its host key is unknown or another one", async () => {
    await using scripted = await scriptEngine(NETWORKS);
    await using host = await startHost();
    for (const [text, hint] of [
      ["", `connect once with: ssh -p ${host.port} 127.0.0.1`],
      [known(host, USER_KEY.public), "known_hosts"],
    ] as const) {
      const home = await homeOf(scripted, text);
      const engine = connectEngine(`ssh://ada@127.0.0.1:${host.port}`, { cacheDir: scripted.folder, home, env: {} });
      await expect(engine.listNetworks()).rejects.toMatchObject({
        code: "engine-unreachable",
        hint: expect.stringContaining(hint),
      });
      engine.close();
    }
    expect(host.opened).toEqual([]);
  });

  it("is unreachable without a key that its host accepts", async () => {
    await using scripted = await scriptEngine(NETWORKS);
    await using host = await startHost();
    const home = await homeOf(scripted, known(host), ssh2.utils.generateKeyPairSync("ed25519").private);
    const engine = connectEngine(`ssh://ada@127.0.0.1:${host.port}`, { cacheDir: scripted.folder, home, env: {} });
    await expect(engine.listNetworks()).rejects.toMatchObject({
      code: "engine-unreachable",
      message: expect.stringContaining("authentication"),
    });
    engine.close();
  });

  it("is unreachable when nothing listens on the socket there, with the path in the error", async () => {
    await using scripted = await scriptEngine(NETWORKS);
    await using host = await startHost();
    const home = await homeOf(scripted, known(host));
    const engine = connectEngine(`ssh://ada@127.0.0.1:${host.port}/nowhere.sock`, {
      cacheDir: scripted.folder,
      home,
      env: {},
    });
    await expect(engine.listNetworks()).rejects.toMatchObject({ message: expect.stringContaining("/nowhere.sock") });
    engine.close();
  });
});
