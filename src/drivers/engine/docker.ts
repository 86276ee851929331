import type { ResourcesSpec } from "../../model/spec.ts";
import { createBody, firstNetwork } from "./create-body.ts";
import type { Dialect } from "./dialect.ts";
import type { Driver } from "./driver.ts";
import type { ContainerCreate } from "./engine.ts";
import { hasCode, unlessGone } from "./errors.ts";
import { inspectRow } from "./inspect.ts";
import { CPU_PERIOD, quotaOf } from "./podman-spec.ts";
import { atLeast } from "./profile.ts";
import { CHANGE_TIMEOUT_MS } from "./transport.ts";

/** Since this version the create call attaches several networks; before it refuses more than one. */
const MANY_NETWORKS_API = "1.44";
const REMOVAL_POLL_MS = 50;

/** Docker's ways. */
export function dockerDialect(driver: Driver): Dialect {
  return {
    createContainer: (request) => createContainer(driver, request),
    updateContainer: (id, resources) => updateContainer(driver, id, resources),
    async stopContainer(id, graceSeconds) {
      const docker = await driver.dockerode({ what: `stop container ${id}`, subject: id });
      await docker.getContainer(id).stop({ _query: { t: graceSeconds } });
    },
    removeContainer: (id) => removeContainer(driver, id),
    settle: async (row) => row,
    networkOptions: {},
    async removeNetwork(id) {
      const docker = await driver.dockerode({
        what: `remove network ${id}`,
        subject: id,
        timeoutMs: CHANGE_TIMEOUT_MS,
      });
      await unlessGone(docker.getNetwork(id).remove(), undefined);
    },
  };
}

async function createContainer({ dockerode, session }: Driver, request: ContainerCreate): Promise<{ id: string }> {
  const { name, spec } = request;
  const { facts } = await session.profile();
  const manyNetworks = atLeast(facts.apiVersion, MANY_NETWORKS_API);
  const docker = await dockerode({ what: `create container ${name}`, subject: name, timeoutMs: CHANGE_TIMEOUT_MS });
  const container = await docker.createContainer({ _query: { name }, _body: createBody(request, { manyNetworks }) });
  if (!manyNetworks && spec.network.mode === "bridge") {
    const first = firstNetwork(spec);
    try {
      for (const [network, { aliases }] of Object.entries(spec.network.networks).toSorted()) {
        if (network === first) continue;
        const EndpointConfig = aliases ? { Aliases: aliases } : {};
        await docker.getNetwork(network).connect({ _body: { Container: container.id, EndpointConfig } });
      }
    } catch (error) {
      await container.remove({ _query: { force: true, v: true } });
      throw error;
    }
  }
  return { id: container.id };
}

/** A removal that somebody began before, perhaps an apply that was killed, is waited for. */
async function removeContainer({ dockerode, session, clock }: Driver, id: string): Promise<void> {
  const docker = await dockerode({ what: `remove container ${id}`, subject: id, timeoutMs: CHANGE_TIMEOUT_MS });
  try {
    await docker.getContainer(id).remove({ _query: { force: true, v: true } });
  } catch (error) {
    if (hasCode(error, "not-found")) return;
    if (!hasCode(error, "engine-conflict") || !/already in progress/.test(error.message)) throw error;
    const deadline = clock.now() + CHANGE_TIMEOUT_MS;
    while (await unlessGone(inspectRow(session, id), undefined)) {
      if (clock.now() > deadline) throw error;
      await clock.sleep(REMOVAL_POLL_MS);
    }
  }
}

/**
 * Memory and swap go together, or the swap limit that is there would refuse the new memory limit. A container whose CPUs
 * somebody limited by quota refuses billionths, so it keeps its quota and gets another value of it.
 */
async function updateContainer(driver: Driver, id: string, { memory, nanoCpus, pids }: ResourcesSpec): Promise<void> {
  const { HostConfig } = await inspectRow(driver.session, id);
  const byQuota = (HostConfig.CpuQuota ?? 0) > 0;
  const docker = await driver.dockerode({ what: `update container ${id}`, subject: id, timeoutMs: CHANGE_TIMEOUT_MS });
  const cpu = (value: number) => (byQuota ? { CpuQuota: quotaOf(value), CpuPeriod: CPU_PERIOD } : { NanoCpus: value });
  const body = {
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(nanoCpus === undefined ? {} : cpu(nanoCpus)),
    PidsLimit: pids ?? -1,
  };
  await docker.getContainer(id).update({ _body: body });
}
