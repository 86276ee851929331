import { request } from "node:http";

import type { ImageChanges, OutOfBand } from "../engines/contract/subject.ts";

/** One request to an engine's HTTP API over its unix socket; throws unless the status is below 400. */
export async function callEngine(socketPath: string, method: string, path: string, body?: unknown): Promise<unknown> {
  const payload = body === undefined ? undefined : JSON.stringify(body);
  const { status, text } = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const headers =
      payload === undefined ? {} : { "content-type": "application/json", "content-length": Buffer.byteLength(payload) };
    const outgoing = request({ socketPath, method, path, headers, agent: false }, (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString() }));
      response.on("error", reject);
    });
    outgoing.on("error", reject);
    outgoing.end(payload);
  });
  if (status >= 400) throw new Error(`${method} ${path} answered ${status}: ${text}`);
  return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
}

/**
 * Hands on a real engine, independent of the driver under test. `endpoint` is a `unix://` address.
 * Docker Engine API: pause, kill, create, commit, image delete; Podman answers the same paths.
 */
export function rawOutOfBand(endpoint: string): OutOfBand {
  const socket = endpoint.replace(/^unix:\/\//, "");
  return {
    pause: async (id) => void (await callEngine(socket, "POST", `/containers/${id}/pause`)),
    kill: async (id) => void (await callEngine(socket, "POST", `/containers/${id}/kill`)),
    async makeImage(from, name, changes) {
      const { Id } = (await callEngine(socket, "POST", "/containers/create", { Image: from, Cmd: ["true"] })) as {
        Id: string;
      };
      const query = new URLSearchParams({ container: Id, repo: `localhost/${name}`, tag: "latest" });
      for (const line of instructions(changes)) query.append("changes", line);
      try {
        await callEngine(socket, "POST", `/commit?${query}`, {});
      } finally {
        await callEngine(socket, "DELETE", `/containers/${Id}?force=true`);
      }
      return `localhost/${name}:latest`;
    },
    removeImage: async (reference) =>
      void (await callEngine(socket, "DELETE", `/images/${encodeURIComponent(reference)}?force=true`)),
  };
}

/** Dockerfile instructions, the form in which a commit takes changes. */
function instructions({ labels = {}, env = {}, user }: ImageChanges): string[] {
  return [
    ...Object.entries(labels).map(([key, value]) => `LABEL ${key}=${JSON.stringify(value)}`),
    ...Object.entries(env).map(([key, value]) => `ENV ${key}=${value}`),
    ...(user === undefined ? [] : [`USER ${user}`]),
  ];
}
