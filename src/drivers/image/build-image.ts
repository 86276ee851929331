import { resolve } from "node:path";

import { BUILD_LABEL } from "../../model/devcontainer/build.ts";
import type { ImageBuild } from "../../model/devcontainer/build.ts";
import { DevcError } from "../../model/errors.ts";
import { canonicalJson, sha256 } from "../../model/json.ts";
import type { BuildImage } from "../../reconcile/image-builder.ts";
import type { Engine } from "../engine/engine.ts";
import { attempt } from "../files/files.ts";
import type { Files } from "../files/files.ts";
import { inputsOf } from "./build-inputs.ts";
import { hashOfContext } from "./context-hash.ts";
import { contextTar } from "./context-tar.ts";
import type { ExtraFile, TarContent } from "./context-tar.ts";
import { walkContext } from "./context-walk.ts";
import { contextProblem } from "./describe-build.ts";
import { insideContext, readDockerfileText } from "./dockerfile-source.ts";

/** The host as a builder needs it. */
export type BuilderHost = { fs: Files; env: Record<string, string | undefined> };

/** BuildKit takes no larger secret. */
const MAX_SECRET_BYTES = 500 * 1024;

/**
 * Makes the function that carries out image builds: it reads secrets and the context at that moment, sends them to the
 * engine and notes in the image what it was built from. A context that is no longer what the plan was made from is
 * `plan-stale`, and no image is tagged then.
 */
export function createImageBuilder({ fs, env }: BuilderHost): BuildImage {
  return async (engine, tag, build, { labels, onOutput, signal }) => {
    signal.throwIfAborted();
    const { target, network, platform, classic } = build;
    const content = contentOf(fs, tag, build);
    const bases = await presentBases(engine, build.bases);
    await engine.buildImage({
      tag,
      context: () => contextTar(fs, content.tar),
      dockerfile: content.dockerfile,
      args: build.args,
      ...(target === undefined ? {} : { target }),
      cacheFrom: build.cacheFrom,
      labels: {
        ...build.labels,
        ...labels,
        [BUILD_LABEL.inputs]: build.inputs,
        [BUILD_LABEL.bases]: canonicalJson(bases),
      },
      extraHosts: build.extraHosts,
      ...(network === undefined ? {} : { network }),
      ...(platform === undefined ? {} : { platform }),
      secrets: secretsOf(fs, env, tag, build),
      ...(classic ? { classic } : {}),
      onOutput,
      signal,
    });
  };
}

/** IDs of the bases that are there. One that the builder fetches by itself is not noted, and so never found changed. */
async function presentBases(engine: Engine, bases: string[]): Promise<Record<string, string>> {
  const images = await Promise.all(bases.map((base) => engine.inspectImage(base)));
  return Object.fromEntries(bases.flatMap((base, index) => (images[index] ? [[base, images[index].id]] : [])));
}

function contentOf(fs: Files, tag: string, build: ImageBuild): { tar: TarContent; dockerfile: string } {
  const { context, dockerfile } = build;
  if (context === undefined) {
    if (!("text" in dockerfile)) throw new Error("internal: a Dockerfile's path without a context");
    const extra = [{ path: "Dockerfile", content: Buffer.from(dockerfile.text) }];
    return { tar: { context: "/", entries: [], extra, verify: () => {} }, dockerfile: "Dockerfile" };
  }
  const text = "text" in dockerfile ? dockerfile.text : textOf(fs, tag, resolve(context, dockerfile.path));
  const inside = "text" in dockerfile ? undefined : insideContext(dockerfile.path);
  const { entries } = walk(fs, tag, context, inside);
  const sent = entries.some(({ path, identity }) => path === inside && identity.kind === "file");
  // One that lies outside or behind a link is sent under a name that nothing else has.
  const path = sent && inside !== undefined ? inside : `.devc-${sha256(text).slice(0, 16)}.Dockerfile`;
  const extra: ExtraFile[] = sent ? [] : [{ path, content: Buffer.from(text) }];
  const verify: TarContent["verify"] = (contentHash) => {
    if (inputsOf(build, text, hashOfContext(entries, contentHash)) === build.inputs) return;
    throw new DevcError("plan-stale", `what ${tag} is built from has changed since the plan was made`, {
      subject: context,
      hint: "plan again",
    });
  };
  return { tar: { context, entries, extra, verify }, dockerfile: path };
}

function textOf(fs: Files, tag: string, path: string): string {
  const source = readDockerfileText(fs, path);
  if ("text" in source) return source.text;
  throw new DevcError("build-failed", `${tag} cannot be built: ${path} ${source.problem}`, { subject: path });
}

function walk(fs: Files, tag: string, context: string, dockerfile: string | undefined): ReturnType<typeof walkContext> {
  try {
    return walkContext(fs, context, dockerfile);
  } catch (error) {
    const { message } = contextProblem(error, context);
    throw new DevcError("build-failed", `${tag} cannot be built: ${message}`, { subject: context, cause: error });
  }
}

function secretsOf(
  fs: Files,
  env: BuilderHost["env"],
  tag: string,
  { secrets }: ImageBuild,
): Record<string, Uint8Array> {
  const entries = Object.entries(secrets).map(([id, source]) => {
    const refuse = (why: string): never => {
      throw new DevcError("build-failed", `${tag} cannot be built: the secret ${id} ${why}`, { subject: id });
    };
    if ("env" in source) {
      const value = env[source.env];
      return [id, value === undefined ? refuse(`is to be $${source.env}, which is not set`) : Buffer.from(value)];
    }
    const { value: bytes, error } = attempt(() => fs.read(source.file, MAX_SECRET_BYTES + 1));
    if (!bytes) return refuse(`cannot be read from ${source.file}: ${error}`);
    return [id, bytes.length > MAX_SECRET_BYTES ? refuse("is larger than 500 KiB") : bytes];
  });
  return Object.fromEntries(entries) as Record<string, Uint8Array>;
}
