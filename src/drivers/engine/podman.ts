import { DevcError } from "../../model/errors.ts";
import type { ResourcesSpec } from "../../model/spec.ts";
import type { ReadText } from "./cgroup.ts";
import type { Dialect } from "./dialect.ts";
import type { Driver } from "./driver.ts";
import type { ContainerCreate } from "./engine.ts";
import { hasCode, unlessGone } from "./errors.ts";
import type { NetworkRow } from "./list-row.ts";
import { checkHealth } from "./podman-health.ts";
import { heldLimits, updateLimits } from "./podman-limits.ts";
import { podmanSpec } from "./podman-spec.ts";
import { queryOf } from "./query.ts";
import { isPodman } from "./session.ts";
import { CHANGE_TIMEOUT_MS } from "./transport.ts";

/** Since this version an update outlives a restart and inspects show it (Podman's release notes, 5.1.0). */
const LASTING_UPDATES = "5.1";

/** Podman's ways. `readText` reads files of this host, for limits that only the kernel tells. */
export function podmanDialect(driver: Driver, readText: ReadText): Dialect {
  const { session } = driver;
  return {
    createContainer: (request) => createContainer(driver, request),
    async updateContainer(id, resources) {
      const profile = await session.profile();
      refuseTooManyCpus(resources, profile.facts.cpus, id);
      await updateLimits(driver, id, resources, isPodman(profile, LASTING_UPDATES));
    },
    stopContainer: (id, graceSeconds) => stopContainer(driver, id, graceSeconds),
    async removeContainer(id) {
      const path = `/containers/${encodeURIComponent(id)}${queryOf({ force: true, v: true, timeout: 0 })}`;
      const what = `remove container ${id}`;
      const call = { api: "libpod", method: "DELETE", path, what, subject: id, timeoutMs: CHANGE_TIMEOUT_MS } as const;
      // Podman's own removal has a timeout: the other waits ten seconds for processes that ignore the stop signal.
      await unlessGone(session.json(call), undefined);
    },
    async settle(row) {
      const checked = await checkHealth(driver, row);
      if (isPodman(await session.profile(), LASTING_UPDATES)) return checked;
      return heldLimits(driver, readText, checked);
    },
    // Docker keeps networks from reaching each other; Podman does so on request.
    networkOptions: { isolate: "true" },
    removeNetwork: (id) => removeNetwork(driver, id),
  };
}

async function createContainer({ session }: Driver, request: ContainerCreate): Promise<{ id: string }> {
  const { name, spec } = request;
  const { facts, defaultRuntime, podman } = await session.profile();
  refuseTooManyCpus(spec.resources ?? {}, facts.cpus, name);
  if (spec.runtime !== undefined && spec.runtime !== defaultRuntime) {
    throw new DevcError("engine-rejected", `Podman runs ${name} with ${defaultRuntime}, not with ${spec.runtime}`, {
      subject: name,
      hint: `its API cannot choose a runtime: set 'runtime = "${spec.runtime}"' in containers.conf and restart its service`,
    });
  }
  const text = podmanSpec(request, podman?.capabilities ?? []);
  const { Id } = await session.json<{ Id: string }>({
    api: "libpod",
    method: "POST",
    path: "/containers/create",
    text,
    what: `create container ${name}`,
    subject: name,
    timeoutMs: CHANGE_TIMEOUT_MS,
  });
  return { id: Id };
}

/** Podman accepts any number and the kernel then ignores the limit. */
function refuseTooManyCpus({ nanoCpus = 0 }: ResourcesSpec, cpus: number, subject: string): void {
  if (nanoCpus <= cpus * 1e9) return;
  throw new DevcError("engine-rejected", `${nanoCpus / 1e9} CPUs were asked for and the engine has ${cpus}`, {
    subject,
  });
}

/** By its name: by its ID Podman 4 does not see that containers use a network, and removes it under them. */
async function removeNetwork({ session, dockerode }: Driver, id: string): Promise<void> {
  const terms = { what: `remove network ${id}`, subject: id, timeoutMs: CHANGE_TIMEOUT_MS };
  const path = `/networks/${encodeURIComponent(id)}`;
  const network = await unlessGone(session.json<NetworkRow>({ ...terms, method: "GET", path }), undefined);
  if (!network) return;
  await unlessGone((await dockerode(terms)).getNetwork(network.Name).remove(), undefined);
}

/** Podman refuses to stop what is paused. */
async function stopContainer({ dockerode }: Driver, id: string, graceSeconds: number): Promise<void> {
  const docker = await dockerode({ what: `stop container ${id}`, subject: id });
  const container = docker.getContainer(id);
  const stop = () => container.stop({ _query: { t: graceSeconds } });
  try {
    await stop();
  } catch (error) {
    if (!hasCode(error, "engine-conflict") || !/paused/.test(error.message)) throw error;
    await container.unpause();
    await stop();
  }
}
