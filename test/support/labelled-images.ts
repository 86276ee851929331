import { randomBytes } from "node:crypto";

import { callEngine } from "./raw-api.ts";

const BASE = "debian:bookworm-slim";

/** Images that are the base image with a `devcontainer.metadata` label; disposal removes them. */
export type LabelledImages = {
  /** Name of the image with that metadata; without the label when undefined. Equal metadata shares an image. */
  with(metadata: unknown): Promise<string>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** Names have no tag, so that they can stand where a colon has a meaning. Docker only: Podman ignores labels of a commit's body. */
export async function labelledImages(endpoint: string): Promise<LabelledImages> {
  const socket = endpoint.replace(/^unix:\/\//, "");
  const prefix = `localhost/t${randomBytes(4).toString("hex")}`;
  const made = new Map<string, Promise<string>>();
  const { Id } = (await callEngine(socket, "POST", "/containers/create", { Image: BASE, Cmd: ["true"] })) as {
    Id: string;
  };
  const make = async (label: string | undefined, name: string) => {
    const body = label === undefined ? {} : { Labels: { "devcontainer.metadata": label } };
    await callEngine(socket, "POST", `/commit?container=${Id}&repo=${name}`, body);
    return name;
  };
  return {
    with(metadata) {
      const label = metadata === undefined ? undefined : JSON.stringify(metadata);
      const key = label ?? "none";
      const image = made.get(key) ?? make(label, `${prefix}/i${made.size}`);
      made.set(key, image);
      return image;
    },
    async [Symbol.asyncDispose]() {
      await callEngine(socket, "DELETE", `/containers/${Id}?force=1`);
      for (const image of made.values()) {
        await callEngine(socket, "DELETE", `/images/${encodeURIComponent(await image)}?force=1`);
      }
    },
  };
}
