import { DevcError } from "../../../model/errors.ts";
import type { ImageFacts, PullOptions } from "../engine.ts";
import { addImage, findImage, type State } from "./state.ts";

/** Bytes a scripted pull reports. */
const PULL_TOTAL = 1024;

/** `GET /images/{reference}/json`. */
export function inspectImage(state: State, reference: string): ImageFacts | undefined {
  const found = findImage(state, reference);
  return found && { id: found.id, labels: found.image.labels ?? {}, user: found.image.user ?? "" };
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
