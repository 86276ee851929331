import { readFileSync } from "node:fs";
import { homedir, userInfo } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { openConnections } from "./agent.ts";
import type { ReadText } from "./cgroup.ts";
import type { Dialect } from "./dialect.ts";
import { dockerConfigFolder } from "./docker-context.ts";
import { dockerDialect } from "./docker.ts";
import { dockerodeLoader } from "./dockerode.ts";
import type { Driver, DriverClock } from "./driver.ts";
import { parseEndpoint } from "./endpoint.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Engine } from "./engine.ts";
import { hasCode, unlessGone } from "./errors.ts";
import { followEvents } from "./events.ts";
import { listExecs, startExec } from "./exec.ts";
import { inspectRow } from "./inspect.ts";
import { isNetworkName, volumeOf } from "./list-row.ts";
import type { VolumeRow } from "./list-row.ts";
import { createLists } from "./lists.ts";
import { logTail } from "./logs.ts";
import { podmanDialect } from "./podman.ts";
import { createProfileCache } from "./profile-cache.ts";
import { pullImage } from "./pull.ts";
import { readBack } from "./read-back.ts";
import { createSession } from "./session.ts";
import { createTransport, CHANGE_TIMEOUT_MS } from "./transport.ts";

/** Surroundings of a connection. Everything but the cache folder has the process's own as its default. */
export type ConnectOptions = {
  /** Folder for derived data that is safe to delete. */
  cacheDir: string;
  clock?: DriverClock;
  /** Path of Docker's `config.json`, whose `auths` hold registry logins; absent: where Docker's client has it. */
  dockerConfig?: string;
  /** Reads a file of this host; undefined when it cannot be read. */
  readText?: ReadText;
  env?: Record<string, string | undefined>;
  home?: string;
};

const CLOCK: DriverClock = {
  now: () => Date.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal ? { signal } : {}),
};

/**
 * The engine at an endpoint, Docker (API 1.40 and later) or Podman (4.3 and later). Connects at the first call. The three
 * lists, inspects and facts need nothing but `node:http`; everything else loads dockerode.
 * @param endpoint from `findEndpoint`, or an address as in `DOCKER_HOST`
 */
export function connectEngine(endpoint: Endpoint | string, options: ConnectOptions): Engine {
  const at = typeof endpoint === "string" ? parseEndpoint(endpoint, "given") : endpoint;
  const { cacheDir, clock = CLOCK, readText = readHostFile, env = process.env, home = homedir() } = options;
  const agentSocket = env["SSH_AUTH_SOCK"];
  const transport = createTransport(at, () =>
    openConnections(at, { home, user: env["USER"] ?? userInfo().username, ...(agentSocket ? { agentSocket } : {}) }),
  );
  const session = createSession(
    transport,
    createProfileCache(at, cacheDir, () => clock.now()),
  );
  const version = async () => (await session.profile()).facts.apiVersion;
  const driver: Driver = { session, clock, dockerode: dockerodeLoader(transport, version) };
  const folder = dockerConfigFolder({ env, home, platform: process.platform });
  const dockerConfig = () => readHostFile(options.dockerConfig ?? join(folder, "config.json"));
  return assemble(driver, readText, dockerConfig);
}

function assemble(driver: Driver, readText: ReadText, dockerConfig: () => string | undefined): Engine {
  const { session } = driver;
  const { networkIds, ...lists } = createLists(session);
  const dialect = async (): Promise<Dialect> =>
    (await session.profile()).kind === "podman" ? podmanDialect(driver, readText) : dockerDialect(driver);
  const container = async (id: string, verb: string) => {
    const terms = { what: `${verb} container ${id}`, subject: id, timeoutMs: CHANGE_TIMEOUT_MS };
    return (await driver.dockerode(terms)).getContainer(id);
  };
  return {
    endpoint: session.transport.endpoint.url,
    facts: async (options) => (await session.profile(options)).facts,
    ...lists,
    async inspectContainer(id) {
      const row = await unlessGone(inspectRow(session, id), undefined);
      if (!row) return undefined;
      const settled = await (await dialect()).settle(row);
      const named = Object.values(row.NetworkSettings?.Networks ?? {}).some((one) =>
        isNetworkName(one?.NetworkID ?? ""),
      );
      return readBack(settled, await session.profile(), named ? await networkIds() : new Map());
    },
    logTail: (id, lines) => logTail(session, id, lines),
    pullImage: (reference, options) => pullImage(driver, reference, dockerConfig(), options),
    buildImage: async (request) => (await import("./build.ts")).buildImage(driver, request, dockerConfig()),
    removeImage: (reference) => removeImage(driver, reference),
    createContainer: async (request) => (await dialect()).createContainer(request).catch(distrustProfile(driver)),
    startContainer: async (id) => void (await (await container(id, "start")).start()),
    stopContainer: async (id, { graceSeconds }) => (await dialect()).stopContainer(id, graceSeconds),
    unpauseContainer: async (id) => void (await (await container(id, "unpause")).unpause()),
    removeContainer: async (id) => (await dialect()).removeContainer(id),
    renameContainer: async (id, name) => void (await (await container(id, "rename")).rename({ _query: { name } })),
    updateContainer: async (id, resources) =>
      (await dialect()).updateContainer(id, resources).catch(distrustProfile(driver)),
    ...networkCalls(driver, dialect),
    ...volumeCalls(driver),
    exec: (id, request) => startExec(driver, id, request),
    listExecs: (id) => listExecs(driver, id),
    events: ({ signal }) => followEvents(driver, signal),
    close: () => session.transport.close(),
  };
}

async function removeImage({ dockerode }: Driver, reference: string): Promise<void> {
  const terms = { what: `remove image ${reference}`, subject: reference, timeoutMs: CHANGE_TIMEOUT_MS };
  await unlessGone((await dockerode(terms)).getImage(reference).remove({ _query: {} }), undefined);
}

/** A request that was compiled for what the engine has and is refused: perhaps the engine has something else by now. */
function distrustProfile({ session }: Driver): (error: unknown) => never {
  return (error) => {
    if (hasCode(error, "engine-rejected")) session.forget();
    throw error;
  };
}

type NetworkCalls = Pick<Engine, "createNetwork" | "removeNetwork" | "connectNetwork" | "disconnectNetwork">;

function networkCalls({ dockerode }: Driver, dialect: () => Promise<Dialect>): NetworkCalls {
  const terms = (verb: string, id: string) => ({
    what: `${verb} network ${id}`,
    subject: id,
    timeoutMs: CHANGE_TIMEOUT_MS,
  });
  return {
    async createNetwork({ name, labels, spec }) {
      const docker = await dockerode(terms("create", name));
      const { networkOptions } = await dialect();
      // Before API 1.44 two networks of one name are possible unless the check is asked for.
      const body = { Name: name, Driver: spec.driver, Labels: labels, Options: networkOptions, CheckDuplicate: true };
      return { id: (await docker.createNetwork({ _body: body })).id };
    },
    removeNetwork: async (id) => (await dialect()).removeNetwork(id),
    async connectNetwork(networkId, containerId, { aliases }) {
      const docker = await dockerode(terms("connect a container to", networkId));
      const body = { Container: containerId, EndpointConfig: aliases ? { Aliases: aliases } : {} };
      await docker.getNetwork(networkId).connect({ _body: body });
    },
    async disconnectNetwork(networkId, containerId) {
      const docker = await dockerode(terms("disconnect a container from", networkId));
      await docker.getNetwork(networkId).disconnect({ _body: { Container: containerId } });
    },
  };
}

function volumeCalls({ dockerode, session }: Driver): Pick<Engine, "createVolume" | "removeVolume"> {
  const terms = (verb: string, name: string) => ({
    what: `${verb} volume ${name}`,
    subject: name,
    timeoutMs: CHANGE_TIMEOUT_MS,
  });
  return {
    async createVolume({ name, labels, spec }) {
      // dockerode keeps only the name of the answer, which tells whose volume it is.
      const body = { Name: name, Driver: spec.driver, Labels: labels };
      const call = { method: "POST", path: "/volumes/create", body, ...terms("create", name) } as const;
      return volumeOf(await session.json<VolumeRow>(call));
    },
    async removeVolume(name) {
      const docker = await dockerode(terms("remove", name));
      await unlessGone(docker.getVolume(name).remove(), undefined);
    },
  };
}

function readHostFile(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "EACCES" || code === "ESRCH" || code === "ENOTDIR") return undefined;
    throw error;
  }
}
