import { DevcError } from "../../model/errors.ts";
import { buildError } from "./build-error.ts";
import type { BuildLog } from "./build-steps.ts";
import { buildahQuery, labelsAlone, withSecretFiles } from "./buildah.ts";
import { openSession } from "./buildkit/session.ts";

import { buildkitLog } from "./buildkit-log.ts";
import { hostLines } from "./create-body.ts";
import type { Driver } from "./driver.ts";
import type { ImageBuildRequest } from "./engine.ts";
import { connectionError, hasCode } from "./errors.ts";
import { jsonLines } from "./json-lines.ts";
import { imageIdOf } from "./list-row.ts";
import { encodeReference, queryOf } from "./query.ts";
import { loginOf, registryConfig } from "./registry-auth.ts";
import { isPodman } from "./session.ts";
import { streamLog } from "./stream-log.ts";
import { CHANGE_TIMEOUT_MS, READ_TIMEOUT_MS } from "./transport.ts";

/** Codes of answers with which an engine refuses a build before it has begun. */
const REFUSALS = ["engine-error", "engine-rejected", "not-found", "image-not-found", "engine-conflict"] as const;

/**
 * Builds and tags an image: POST /build (Docker Engine API, "Build an image"), whose answer is a stream of progress. Docker
 * builds with BuildKit (`version=2`, with a session for secrets and logins) unless the request is `classic`; Podman answers
 * the same endpoint with Buildah. When the request is aborted Docker ends the step that runs; Podman lets it end by itself and
 * then stops, without a tag.
 * @param config text of Docker's `config.json`, for logins
 */
export async function buildImage(
  driver: Driver,
  request: ImageBuildRequest,
  config: string | undefined,
): Promise<{ id: string }> {
  const { session } = driver;
  const { tag, signal, classic, secrets } = request;
  try {
    if (isPodman(await session.profile())) await buildWithBuildah(driver, request, config);
    else if (!classic) await buildWithBuildkit(driver, request, config);
    else {
      if (Object.keys(secrets).length > 0) throw new Error("internal: a classic build with secrets");
      await send(driver, request, dockerQuery(request, { version: 1 }), streamLog(request.onOutput), config);
    }
    return { id: await idOf(driver, tag) };
  } catch (error) {
    if (signal?.aborted) {
      throw new DevcError("interrupted", `building ${tag} was stopped`, { subject: tag, cause: error });
    }
    throw connectionError(session.transport.endpoint, { what: `build ${tag}`, subject: tag }, error);
  }
}

async function buildWithBuildkit(
  driver: Driver,
  request: ImageBuildRequest,
  config: string | undefined,
): Promise<void> {
  const { session } = driver;
  const { signal, secrets } = request;
  const { facts } = await session.profile();
  const opened = await openSession(session.transport, facts.apiVersion, {
    secret: (id) => (Object.hasOwn(secrets, id) ? secrets[id] : undefined),
    login: (host) => loginOf(config, host),
  });
  try {
    const query = dockerQuery(request, { version: 2, session: opened.id, buildid: opened.id });
    await send(driver, request, query, buildkitLog(request.onOutput), config);
  } catch (error) {
    if (signal?.aborted) await cancel(driver, request.tag, opened.id);
    throw error;
  } finally {
    opened.close();
  }
}

/** POST /build/cancel. A build that is over by now, which the engine then says in some way, is what was wanted. */
async function cancel({ session }: Driver, tag: string, id: string): Promise<void> {
  const path = `/build/cancel${queryOf({ id })}`;
  try {
    await session.json({ method: "POST", path, what: `stop building ${tag}`, timeoutMs: CHANGE_TIMEOUT_MS });
  } catch (error) {
    if (!hasCode(error, ...REFUSALS, "engine-unreachable")) throw error;
  }
}

async function buildWithBuildah(driver: Driver, request: ImageBuildRequest, config: string | undefined): Promise<void> {
  const { context, secrets } = withSecretFiles(request);
  const query = queryOf(buildahQuery(request, secrets));
  await send(driver, { ...request, context }, query, streamLog(request.onOutput), config);
  if (request.target === undefined) return;
  const labelled = labelsAlone(request, await idOf(driver, request.tag));
  await send(driver, labelled, queryOf(buildahQuery(labelled, [])), streamLog(request.onOutput), config);
}

function dockerQuery(request: ImageBuildRequest, further: Record<string, unknown>): string {
  const { tag, dockerfile, args, target, cacheFrom, labels, extraHosts, network, platform } = request;
  const values = {
    t: tag,
    dockerfile,
    buildargs: args,
    target,
    cachefrom: cacheFrom.length > 0 ? cacheFrom : undefined,
    labels,
    networkmode: network,
    platform,
    rm: true,
    forcerm: true,
    ...further,
  };
  return queryOf(values, { extrahosts: hostLines(extraHosts) });
}

async function send(
  { session }: Driver,
  { tag, context, signal }: ImageBuildRequest,
  query: string,
  log: BuildLog,
  config: string | undefined,
): Promise<void> {
  const login = registryConfig(config);
  try {
    const answer = await session.send({
      method: "POST",
      path: `/build${query}`,
      what: `build ${tag}`,
      subject: tag,
      stream: { open: context, type: "application/x-tar" },
      ...(login === undefined ? {} : { headers: { "x-registry-config": login } }),
      ...(signal ? { signal } : {}),
    });
    for await (const value of jsonLines(answer)) log.take(value);
  } catch (error) {
    if (!hasCode(error, ...REFUSALS)) throw error;
    throw buildError(tag, { words: error.message.replace(/^the engine could not build \S+: /, "") });
  }
  const failure = log.failure();
  if (failure) throw buildError(tag, failure);
}

/** Not every builder tells the ID, and the tag is what was asked for. */
async function idOf({ session }: Driver, tag: string): Promise<string> {
  const path = `/images/${encodeReference(tag)}/json`;
  const terms = { what: `inspect image ${tag}`, subject: tag, timeoutMs: READ_TIMEOUT_MS };
  const { Id } = await session.json<{ Id: string }>({ ...terms, method: "GET", path });
  return imageIdOf(Id);
}
