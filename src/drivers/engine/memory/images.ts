import { DevcError } from "../../../model/errors.ts";
import type { ImageFacts } from "../../../model/image-facts.ts";
import type { ImageBuildRequest, PullOptions } from "../engine.ts";
import { addImage, conflict, findImage, type State } from "./state.ts";

/** Bytes a scripted pull reports. */
const PULL_TOTAL = 1024;

/** `GET /images/{reference}/json`. */
export function inspectImage(state: State, reference: string): ImageFacts | undefined {
  const found = findImage(state, reference);
  if (!found) return undefined;
  const { labels = {}, user = "", env = {}, entrypoint = [], command = [], workdir = "" } = found.image;
  const { os, architecture } = state.facts;
  return { id: found.id, labels, user, env, entrypoint, command, workdir, os, architecture };
}

/** `POST /images/create`: takes the image from the scripted registry. */
export function pullImage(state: State, reference: string, { onProgress, signal }: PullOptions): void {
  signal?.throwIfAborted();
  const image = state.options.registry?.[reference];
  if (!image)
    throw new DevcError("image-not-found", `no such image in the registry: ${reference}`, { subject: reference });
  for (const current of [0, PULL_TOTAL / 2, PULL_TOTAL])
    onProgress({ status: "Downloading", current, total: PULL_TOTAL });
  const id = addImage(state, reference, image);
  state.broadcast.send({ kind: "image", action: "pull", id, name: reference, labels: {}, time: state.now() });
}

/** `POST /build`: what a scripted build gives, with the labels of the request; another request gives another image. */
export function buildImage(state: State, request: ImageBuildRequest): { id: string } {
  const { tag, labels, onOutput, signal } = request;
  if (signal?.aborted) throw new DevcError("interrupted", `building ${tag} was stopped`, { subject: tag });
  const scripted = state.options.builds?.[tag] ?? {};
  onOutput(`Step 1/1 : ${request.dockerfile}`);
  if ("failure" in scripted) {
    throw new DevcError("build-failed", `building ${tag} failed: ${scripted.failure}`, { subject: tag });
  }
  const id = addImage(state, tag, { ...scripted, labels: { ...scripted.labels, ...labels } });
  state.broadcast.send({ kind: "image", action: "tag", id, name: tag, labels: {}, time: state.now() });
  return { id };
}

/** `DELETE /images/{reference}`: the tag goes, and the image with its last one, which must not be in use. */
export function removeImage(state: State, reference: string): void {
  const found = findImage(state, reference);
  if (!found) return;
  const { id } = found;
  const others = [...state.references].some(([name, of]) => of === id && name !== reference);
  const used = [...state.containers.values()].some(({ imageId }) => imageId === id);
  if (used && !others) throw conflict(`image ${id} is being used`, reference);
  state.references.delete(reference);
  if (!others) state.images.delete(id);
}
