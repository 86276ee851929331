import type { RemoteSpec } from "../../model/devcontainer/lifecycle.ts";
import { substitute } from "../../model/devcontainer/variables.ts";
import { DevcError } from "../../model/errors.ts";
import type { Engine } from "../engine/engine.ts";
import type { HooksWorld } from "./inside.ts";
import type { Lifetime } from "./markers.ts";
import { findRemoteUser } from "./remote-user.ts";
import type { RemoteUser } from "./remote-user.ts";
import { probeEnvironment } from "./user-environment.ts";
import type { Probed, Variables } from "./user-environment.ts";

/** A container as commands find it. */
export type Entered = {
  lifetime: Lifetime;
  user: RemoteUser;
  /** The container's environment, without what shells add. */
  containerEnv: Variables;
  /** Puts in what is known only inside (`${containerEnv:NAME}`) and then values of the host. */
  resolve<Value>(value: Value): Value;
  /** Why commands start elsewhere than asked; undefined when they do not. */
  problem?: string;
};

/** Where commands of people and agents run. */
export type RemoteEnvironment = {
  /** Absent: the container's user. */
  user?: string;
  workdir: string;
  env: Variables;
  /** What did not go as asked, for people. */
  problems: string[];
};

/** Keeps what shells said, between runs of devc. `key` is a text of any length; values are plain JSON. */
export type EnvironmentCache = { get(key: string): unknown; set(key: string, value: object): void };

/** What the cache keeps: all that needs a command inside. Nothing that is the container's own environment. */
type Kept = { user: RemoteUser; env: Variables; problems: string[] };

/**
 * Looks at a running container and the user commands run as.
 * @param reveal puts values of the host in the place of their placeholders
 * @throws DevcError `not-found`; `engine-rejected` when there is no such user; what the engine throws
 */
export async function enterContainer(
  engine: Engine,
  containerId: string,
  remote: RemoteSpec,
  reveal: (text: string) => string,
): Promise<Entered> {
  const outside = await lookAt(engine, containerId, reveal);
  const workdir = outside.resolve(remote.workdir);
  const user = await findRemoteUser(engine, containerId, { user: remote.user, workdir, env: outside.containerEnv });
  return { ...outside, user, ...workdirProblem(workdir, user) };
}

/**
 * The environment of commands that are neither the container's first process nor devc's own: what the user's shell makes of
 * the container's, and over it `remoteEnv`.
 */
export async function environmentOf(
  engine: Engine,
  { lifetime, user, containerEnv, resolve }: Entered,
  remote: RemoteSpec,
  world: HooksWorld,
): Promise<Probed> {
  const request = { probe: remote.userEnvProbe, user, containerEnv };
  const { env, ...problem } = await probeEnvironment(engine, lifetime.containerId, request, world);
  return { env: { ...env, ...resolve(remote.env) }, ...problem };
}

/**
 * Who `devc exec` and `devc attach` run a command as, where, and with which variables. What a shell said is kept for as long
 * as the container is not started anew. A sandbox without a shell can be entered when no shell is to be asked.
 * @throws as `enterContainer`
 */
export async function remoteEnvironment(
  engine: Engine,
  containerId: string,
  remote: RemoteSpec,
  { reveal, cache, world }: { reveal(text: string): string; cache: EnvironmentCache; world: HooksWorld },
): Promise<RemoteEnvironment> {
  const { lifetime, containerEnv, resolve } = await lookAt(engine, containerId, reveal);
  const workdir = resolve(remote.workdir);
  const name = remote.user === undefined ? {} : { user: remote.user };
  if (remote.userEnvProbe === "none") return { ...name, workdir, env: resolve(remote.env), problems: [] };
  const key = JSON.stringify([lifetime, remote.user, workdir, remote.userEnvProbe]);
  let kept = keptOf(cache.get(key));
  if (!kept) {
    const user = await findRemoteUser(engine, containerId, { user: remote.user, workdir, env: containerEnv });
    const request = { probe: remote.userEnvProbe, user, containerEnv };
    const { env, problem } = await probeEnvironment(engine, containerId, request, world);
    const problems = [workdirProblem(workdir, user).problem, problem].filter((each) => each !== undefined);
    // The container's own variables may be values of the host, which are stored nowhere.
    const own = Object.entries(env).filter(([name, value]) => containerEnv[name] !== value);
    kept = { user, env: Object.fromEntries(own), problems };
    // A shell that failed is asked again.
    if (problem === undefined) cache.set(key, kept);
  }
  return {
    ...name,
    workdir: kept.user.workdir,
    env: { ...kept.env, ...resolve(remote.env) },
    problems: kept.problems,
  };
}

async function lookAt(engine: Engine, containerId: string, reveal: (text: string) => string) {
  const detail = await engine.inspectContainer(containerId);
  if (!detail) throw new DevcError("not-found", `container ${containerId} is gone`, { subject: containerId });
  const { createdText, startedText, spec } = detail;
  const containerEnv = spec.env ?? {};
  const resolve = <Value>(value: Value): Value => revealIn(substitute(value, { containerEnv }), reveal) as Value;
  return { lifetime: { containerId, createdText, startedText }, containerEnv, resolve };
}

function revealIn(value: unknown, reveal: (text: string) => string): unknown {
  if (typeof value === "string") return reveal(value);
  if (Array.isArray(value)) return value.map((item) => revealIn(item, reveal));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, revealIn(member, reveal)]));
}

function workdirProblem(wanted: string, { workdir }: RemoteUser): { problem?: string } {
  if (workdir === wanted) return {};
  return { problem: `${wanted} is no folder that can be entered; commands start in ${workdir}` };
}

/** The cache is a file anybody may have damaged: what is not of our shape is asked for anew. */
function keptOf(value: unknown): Kept | undefined {
  if (value === null || typeof value !== "object") return undefined;
  const { user, env, problems } = value as Partial<Kept>;
  const whole = user !== undefined && env !== undefined && Array.isArray(problems);
  return whole && typeof user.workdir === "string" ? { user, env, problems } : undefined;
}
