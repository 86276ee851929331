import { DevcError } from "../../model/errors.ts";
import type { ResourcesSpec } from "../../model/spec.ts";
import { limitsFromV1, limitsFromV2, limitsOfProcess } from "./cgroup.ts";
import type { ReadText } from "./cgroup.ts";
import type { Driver } from "./driver.ts";
import { outputOf } from "./exec.ts";
import { inspectRow } from "./inspect.ts";
import type { InspectRow } from "./inspect-row.ts";
import { CPU_PERIOD, podmanLimits, quotaOf } from "./podman-spec.ts";
import { CHANGE_TIMEOUT_MS, READ_TIMEOUT_MS } from "./transport.ts";

/** Milliseconds after a container's end in which Podman's clean-up of that end may still come and undo an init. */
const CLEANUP_MS = 2_000;
/** How often a container is initialised again that a late clean-up has undone. */
const INIT_TRIES = 5;

/**
 * Changes limits in place. A container that does not run has no control group to change: it is initialised, which makes
 * one and starts nothing, and then has the new limits when it starts. Where updates last, the init only renews the
 * record that an inspect shows.
 */
export async function updateLimits(
  driver: Driver,
  id: string,
  resources: ResourcesSpec,
  lasting: boolean,
): Promise<void> {
  const { State } = await inspectRow(driver.session, id);
  if (lasting) {
    await updateRecord(driver, id, resources);
    if (State.Status === "exited") await initialise(driver, id);
    return;
  }
  if (State.Running || State.Paused) return updateGroup(driver, id, resources);
  await outlastCleanup(driver, State);
  for (let left = INIT_TRIES; left > 0; left--) {
    await initialise(driver, id);
    const changed = await updateGroup(driver, id, resources).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (await isInitialised(driver, id)) {
      if (changed !== undefined) throw changed;
      return;
    }
  }
  throw new DevcError("engine-error", `the limits of stopped container ${id} could not be changed: Podman undoes it`, {
    subject: id,
    hint: "start it and try again",
  });
}

/** POST /containers/{id}/update; Podman takes CPUs only as quota and period, and resets what is not said. */
async function updateRecord(
  { dockerode }: Driver,
  id: string,
  { memory, nanoCpus, pids }: ResourcesSpec,
): Promise<void> {
  const docker = await dockerode({ what: `update container ${id}`, subject: id, timeoutMs: CHANGE_TIMEOUT_MS });
  const body = {
    ...(memory === undefined ? {} : { Memory: memory, MemorySwap: memory }),
    ...(nanoCpus === undefined ? {} : { CpuQuota: quotaOf(nanoCpus), CpuPeriod: CPU_PERIOD }),
    PidsLimit: pids ?? -1,
  };
  await docker.getContainer(id).update({ _body: body });
}

/** POST /libpod/containers/{id}/update (Podman 4.3 and later): changes the control group and no record. */
async function updateGroup({ session }: Driver, id: string, resources: ResourcesSpec): Promise<void> {
  const call = { api: "libpod", method: "POST", subject: id, timeoutMs: CHANGE_TIMEOUT_MS } as const;
  const path = `/containers/${encodeURIComponent(id)}/update`;
  // Its answer is a bare ID and no JSON.
  const response = await session.send({ ...call, path, body: podmanLimits(resources), what: `update container ${id}` });
  response.resume();
}

async function initialise({ session }: Driver, id: string): Promise<void> {
  const call = { api: "libpod", method: "POST", subject: id, timeoutMs: CHANGE_TIMEOUT_MS } as const;
  await session.json({
    ...call,
    path: `/containers/${encodeURIComponent(id)}/init`,
    what: `initialise container ${id}`,
  });
}

/** After a container's end Podman 4 cleans up in a process of its own, which also undoes an init that came before it. */
async function outlastCleanup({ clock }: Driver, { FinishedAt }: InspectRow["State"]): Promise<void> {
  const since = clock.now() - Date.parse(FinishedAt);
  if (since >= 0 && since < CLEANUP_MS) await clock.sleep(CLEANUP_MS - since);
}

/** Podman's own API tells an initialised container from a created one; the record keeps the process ID of an undone init. */
async function isInitialised({ session }: Driver, id: string): Promise<boolean> {
  const call = { api: "libpod", method: "GET", subject: id, timeoutMs: READ_TIMEOUT_MS } as const;
  const path = `/containers/${encodeURIComponent(id)}/json`;
  const { State } = await session.json<{ State: { Status: string } }>({
    ...call,
    path,
    what: `inspect container ${id}`,
  });
  return State.Status === "initialized";
}

/**
 * The record of a container with the limits that hold. Podman before 5.1 shows those of the creation for ever; the ones
 * that hold are in the control group, read on this host when the container runs here, else by a `cat` inside it.
 * @throws DevcError `engine-error` when neither works: a guess would hide drift
 */
export async function heldLimits(driver: Driver, read: ReadText, row: InspectRow): Promise<InspectRow> {
  const { Pid, Running } = row.State;
  if (Pid === 0) return row;
  const local = driver.session.transport.endpoint.kind === "unix";
  const held =
    (local ? limitsOfProcess(read, Pid, row.Id) : undefined) ??
    (Running ? await readInside(driver, row.Id) : undefined);
  if (held) return withLimits(row, held);
  const { State } = await inspectRow(driver.session, row.Id);
  if (!State.Running && !State.Paused && !(await isInitialised(driver, row.Id))) return row;
  throw new DevcError("engine-error", `the limits of container ${row.Id.slice(0, 12)} cannot be read`, {
    subject: row.Id,
    details: ["Podman before 5.1 does not tell them, they cannot be read on this host, and `cat` inside failed"],
    hint: "use Podman 5.1 or newer, or run devc on the machine that runs the engine",
  });
}

const V1_FILES = ["memory/memory.limit_in_bytes", "cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us", "pids/pids.max"];
const V2_FILES = ["memory.max", "cpu.max", "pids.max"];

async function readInside(driver: Driver, id: string): Promise<ResourcesSpec | undefined> {
  for (const [files, parse] of [
    [V2_FILES, limitsFromV2],
    [V1_FILES, limitsFromV1],
  ] as const) {
    const text = await outputOf(driver, id, ["cat", ...files.map((file) => `/sys/fs/cgroup/${file}`)]);
    const lines = text?.trim().split("\n");
    if (lines?.length === files.length) return parse(lines);
  }
  return undefined;
}

/** CPUs go back as the quota they are, so that the finer share that was asked for can be told from another one. */
function withLimits(row: InspectRow, { memory = 0, nanoCpus = 0, pids = 0 }: ResourcesSpec): InspectRow {
  const cpu = { NanoCpus: 0, CpuQuota: quotaOf(nanoCpus), CpuPeriod: CPU_PERIOD };
  return { ...row, HostConfig: { ...row.HostConfig, Memory: memory, ...cpu, PidsLimit: pids } };
}
