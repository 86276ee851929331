import { randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { pack } from "tar-stream";

import type { ImageBuildRequest } from "./engine.ts";

/** What a tar ends with: two empty blocks. */
const END_BYTES = 1024;

/**
 * Query of Podman's Docker-compatible POST /build. It differs in `extrahosts`, which is JSON, and in `secrets`. Caches to take
 * from are left out: Podman only knows caches in registries, and they decide nothing.
 */
export function buildahQuery(request: ImageBuildRequest, secrets: string[]): Record<string, unknown> {
  const { tag, dockerfile, args, target, labels, extraHosts, network, platform } = request;
  const hosts = Object.entries(extraHosts).map(([name, address]) => `${name}:${address}`);
  return {
    t: tag,
    dockerfile,
    buildargs: args,
    target,
    labels,
    // As text: for Docker the same member is a list in the URL.
    extrahosts: hosts.length > 0 ? JSON.stringify(hosts) : undefined,
    networkmode: network === "none" ? "none" : undefined,
    platform,
    layers: true,
    rm: true,
    forcerm: true,
    secrets: secrets.length > 0 ? secrets : undefined,
  };
}

/**
 * Puts secrets before the context's own files. Podman's service moves each out of the context before the build begins, by
 * the name that `secrets` gives it (github.com/containers/podman `pkg/api/handlers/compat/images_build.go`).
 */
export function withSecretFiles({ context, secrets }: ImageBuildRequest): {
  context: ImageBuildRequest["context"];
  secrets: string[];
} {
  const named = Object.entries(secrets).map(([id, value]) => {
    return { id, value, name: `podman-build-secret-${randomBytes(16).toString("hex")}` };
  });
  if (named.length === 0) return { context, secrets: [] };
  async function* joined(): AsyncGenerator<Uint8Array> {
    const tar = pack();
    for (const { name, value } of named) tar.entry({ name, mode: 0o400 }, Buffer.from(value));
    tar.finalize();
    const whole = await buffer(Readable.from(tar));
    // Without its end, so that the context follows.
    yield whole.subarray(0, -END_BYTES);
    yield* context() as AsyncIterable<Uint8Array>;
  }
  return {
    context: () => Readable.from(joined(), { objectMode: false }),
    secrets: named.map(({ id, name }) => `id=${id},src=${name}`),
  };
}

/**
 * The build that only puts a request's labels on an image. Buildah of Podman 4.3 labels the last stage of a Dockerfile and
 * leaves out a target before it; without labels devc would build again for ever.
 */
export function labelsAlone({ target: _target, ...rest }: ImageBuildRequest, id: string): ImageBuildRequest {
  const context = (): Readable => {
    const tar = pack();
    tar.entry({ name: "Dockerfile" }, `FROM ${id}\n`);
    tar.finalize();
    return Readable.from(tar);
  };
  return { ...rest, context, dockerfile: "Dockerfile", args: {}, secrets: {} };
}
