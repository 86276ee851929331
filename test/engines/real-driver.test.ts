import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

import { describe, expect, it } from "vitest";

import { connectEngine } from "../../src/drivers/engine/connect.ts";
import type { Engine, PullProgress } from "../../src/drivers/engine/engine.ts";
import type { ContainerSpec } from "../../src/model/spec.ts";
import { testEngines } from "../support/engines.ts";
import type { TestEngine } from "../support/engines.ts";
import { callEngine } from "../support/raw-api.ts";
import { startRegistry } from "./loopback-registry.ts";

const IMAGE = "debian:bookworm-slim";
const PATIENCE = { timeout: 60_000, interval: 50 };
const DEFAULT_SET = { CHOWN: true, DAC_OVERRIDE: true, KILL: true, SETGID: true, SETUID: true } as const;

/** Hands on one engine; what is made through them is removed at the end. */
async function useEngine({ endpoint }: TestEngine, config: object = {}) {
  const prefix = `rd-${randomBytes(4).toString("hex")}`;
  const folder = await mkdtemp(join(tmpdir(), `${prefix}-`));
  const dockerConfig = join(folder, "config.json");
  await writeFile(dockerConfig, JSON.stringify(config));
  const engine = connectEngine(endpoint, { cacheDir: join(folder, "cache"), dockerConfig });
  const undo: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true })];
  const api = (method: string, path: string, body?: unknown) =>
    callEngine(endpoint.replace("unix://", ""), method, path, body);
  let serial = 0;
  return {
    engine,
    api,
    folder,
    later: (work: () => Promise<unknown>) => void undo.push(work),
    name: () => `${prefix}-${(serial += 1)}`,
    async network(): Promise<string> {
      const name = `${prefix}-${(serial += 1)}`;
      const { id } = await engine.createNetwork({ name, labels: {}, spec: { driver: "bridge" } });
      undo.push(() => engine.removeNetwork(id));
      return name;
    },
    async run(spec: Partial<ContainerSpec>): Promise<string> {
      const facts = await engine.inspectImage(IMAGE);
      const whole: ContainerSpec = {
        image: IMAGE,
        entrypoint: ["sleep"],
        command: ["infinity"],
        network: { mode: "none" },
        ...spec,
      };
      const name = `${prefix}-${(serial += 1)}`;
      const { id } = await engine.createContainer({ name, imageId: facts?.id ?? "", labels: {}, spec: whole });
      undo.push(() => engine.removeContainer(id));
      await engine.startContainer(id);
      return id;
    },
    output: (id: string, command: string[]) => outputOf(engine, id, command),
    async [Symbol.asyncDispose]() {
      for (const step of undo.toReversed()) await step();
      engine.close();
    },
  };
}

async function outputOf(engine: Engine, id: string, command: string[]): Promise<{ status: number; stdout: string }> {
  const session = await engine.exec(id, { command, tty: false, stdin: false });
  const [stdout] = await Promise.all([text(session.stdout), text(session.stderr)]);
  return { status: await session.exit, stdout: stdout.trim() };
}

describe.each(testEngines)("a container of $name, seen by the kernel", (tested) => {
  it("gives a process without root no capability that only root should use", async () => {
    await using use = await useEngine(tested);
    const spec = { capabilities: { drop: { ALL: true as const }, add: DEFAULT_SET } };
    const capabilities = async (user: string) => {
      const id = await use.run({ ...spec, user });
      const { stdout } = await use.output(id, ["grep", "-E", "^Cap(Eff|Bnd|Amb)", "/proc/1/status"]);
      return Object.fromEntries(stdout.split("\n").map((line) => line.split(":\t"))) as Record<string, string>;
    };
    const bits = (1 << 0) | (1 << 1) | (1 << 5) | (1 << 6) | (1 << 7);
    const set = bits.toString(16).padStart(16, "0");
    expect(await capabilities("0")).toMatchObject({ CapEff: set, CapBnd: set });
    expect(await capabilities("1000")).toEqual({ CapEff: "0".repeat(16), CapBnd: set, CapAmb: "0".repeat(16) });
  });

  it("has the same umask, tmpfs options and environment on every engine", async () => {
    await using use = await useEngine(tested);
    const id = await use.run({ user: "1000", mounts: { "/scratch": { type: "tmpfs", size: 1024 ** 2 } } });
    const { stdout } = await use.output(id, [
      "sh",
      "-c",
      "umask; grep ' /scratch ' /proc/mounts; touch /scratch/x && echo written; env",
    ]);
    const [umask, mount, written, ...env] = stdout.split("\n");
    expect([umask, written]).toEqual(["0022", "written"]);
    for (const option of ["rw", "nosuid", "nodev", "noexec", "size=1024k"])
      expect(mount?.split(/[ ,]/)).toContain(option);
    expect(env.filter((line) => /proxy/i.test(line))).toEqual([]);
  });

  it("is not made with a host folder that is missing, which then is not made either", async () => {
    await using use = await useEngine(tested);
    const source = join(use.folder, "missing");
    const attempt = use.run({ mounts: { "/x": { type: "bind", source } } });
    await expect(attempt).rejects.toMatchObject({ code: "engine-rejected" });
    expect(existsSync(source)).toBe(false);
  });

  it("reaches its own network and no other", async () => {
    await using use = await useEngine(tested);
    const [mine, foreign] = [await use.network(), await use.network()];
    const on = (network: string) => ({ network: { mode: "bridge" as const, networks: { [network]: {} } } });
    const server =
      "use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 5, LocalPort => 7777); while (my $c = $s->accept) { print $c qq(hi\\n); close $c }";
    const serving = { entrypoint: ["perl"], command: ["-e", server] };
    const me = await use.run(on(mine));
    const [near, far] = [await use.run({ ...on(mine), ...serving }), await use.run({ ...on(foreign), ...serving })];
    const address = async (id: string) => (await use.output(id, ["hostname", "-I"])).stdout;
    const dial = async (to: string) => {
      const { stdout } = await use.output(me, [
        "timeout",
        "3",
        "bash",
        "-c",
        `exec 3<>/dev/tcp/${to}/7777 && head -1 <&3`,
      ]);
      return stdout;
    };
    const [nearby, remote] = [await address(near), await address(far)];
    await expect.poll(() => dial(nearby), PATIENCE).toBe("hi");
    await expect
      .poll(
        async () => (await use.output(far, ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/7777 && head -1 <&3"])).stdout,
        PATIENCE,
      )
      .toBe("hi");
    expect(await dial(remote)).toBe("");
  });

  it("becomes healthy also where nothing but devc makes the checks", async () => {
    await using use = await useEngine(tested);
    const body = {
      Image: IMAGE,
      Entrypoint: ["sleep", "infinity"],
      Healthcheck: { Test: ["CMD", "test", "-e", "/ready"], Interval: 1e9, Timeout: 10e9, Retries: 1000 },
      HostConfig: { NetworkMode: "none" },
    };
    const { Id: id } = (await use.api("POST", `/containers/create?name=${use.name()}`, body)) as { Id: string };
    use.later(() => use.engine.removeContainer(id));
    await use.engine.startContainer(id);
    const health = async () => (await use.engine.inspectContainer(id))?.container.health;
    expect(await health()).toBe("starting");
    expect((await use.output(id, ["touch", "/ready"])).status).toBe(0);
    await expect.poll(health, PATIENCE).toBe("healthy");
  });

  it("is updated also when somebody limited its CPUs by quota", async () => {
    await using use = await useEngine(tested);
    const id = await use.run({ resources: { memory: 64 * 1024 ** 2 } });
    const limits = async () => (await use.engine.inspectContainer(id))?.spec.resources;
    await use
      .api("POST", `/containers/${id}/update`, {
        CpuQuota: 25_000,
        CpuPeriod: 50_000,
        Memory: 64 * 1024 ** 2,
        MemorySwap: 64 * 1024 ** 2,
      })
      .then(
        async () => expect(await limits()).toMatchObject({ nanoCpus: 500_000_000 }),
        // Podman 4 has no such call.
        (error: Error) => expect(error.message).toContain("404"),
      );
    await use.engine.updateContainer(id, { memory: 64 * 1024 ** 2, nanoCpus: 250_000_000 });
    expect(await limits()).toEqual({ memory: 64 * 1024 ** 2, nanoCpus: 250_000_000 });
  });
});

describe.each(testEngines)("a pull by $name", (tested) => {
  const pull = async (engine: Engine, reference: string): Promise<PullProgress[]> => {
    const seen: PullProgress[] = [];
    await engine.pullImage(reference, { onProgress: (progress) => seen.push(progress) });
    return seen;
  };
  const isPodman = async (engine: Engine) => (await engine.facts()).name === "podman";

  it("brings an image from a registry on loopback and tells how far it is", async () => {
    await using registry = await startRegistry();
    await using use = await useEngine(tested);
    if (await isPodman(use.engine)) {
      // Podman speaks only TLS to a registry unless its own configuration says otherwise.
      await expect(pull(use.engine, registry.image)).rejects.toMatchObject({
        code: "engine-error",
        subject: registry.image,
      });
      return;
    }
    use.later(() => use.api("DELETE", `/images/${registry.image}?force=true`));
    const seen = await pull(use.engine, registry.image);
    expect(seen.at(-1)?.total).toBeGreaterThan(1024 ** 2);
    expect(seen.at(-1)?.current).toBe(seen.at(-1)?.total);
    expect(await use.engine.inspectImage(registry.image)).toMatchObject({ user: "1000", labels: { from: "registry" } });
  });

  it("says that an image is not there", async () => {
    await using registry = await startRegistry();
    await using use = await useEngine(tested);
    if (await isPodman(use.engine)) return;
    await expect(pull(use.engine, `${registry.host}/acme/web:2`)).rejects.toMatchObject({ code: "image-not-found" });
  });

  it("logs in with what config.json has, and says when that is missing", async () => {
    await using registry = await startRegistry({ username: "ada", password: "s3:cret" });
    await using stranger = await useEngine(tested);
    if (await isPodman(stranger.engine)) return;
    await expect(pull(stranger.engine, registry.image)).rejects.toMatchObject({
      code: "image-not-found",
      hint: `log in to ${registry.host} with: docker login ${registry.host}`,
    });
    const auth = Buffer.from("ada:s3:cret").toString("base64");
    await using use = await useEngine(tested, { auths: { [registry.host]: { auth } } });
    use.later(() => use.api("DELETE", `/images/${registry.image}?force=true`));
    await pull(use.engine, registry.image);
    expect(await use.engine.inspectImage(registry.image)).toBeDefined();
  });

  it("says that a registry cannot be reached", async () => {
    await using use = await useEngine(tested);
    const pulling = pull(use.engine, "localhost:1/acme/web:1");
    await expect(pulling).rejects.toMatchObject({
      code: "engine-error",
      message: expect.stringContaining("localhost:1 cannot be reached"),
    });
  });
});
