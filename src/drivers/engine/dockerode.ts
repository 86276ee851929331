import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";

import { queryOf } from "./query.ts";
import { readText } from "./transport.ts";
import type { Call, Transport } from "./transport.ts";

/** Options of a method: what goes into the URL and what into the body, kept apart so that no body ends up in a URL. */
export type Given = {
  _query?: Record<string, unknown>;
  _body?: unknown;
  abortSignal?: AbortSignal;
};

/** The methods of dockerode that devc uses, with its options as we give them; its own types know only the two mixed. */
export type DockerClient = {
  createContainer(options: Given): Promise<ContainerHandle>;
  getContainer(id: string): ContainerHandle;
  createNetwork(options: Given): Promise<{ id: string }>;
  getNetwork(id: string): {
    connect(options: Given): Promise<unknown>;
    disconnect(options: Given): Promise<unknown>;
    remove(): Promise<unknown>;
  };
  getVolume(name: string): { remove(): Promise<unknown> };
  getImage(reference: string): { remove(options: Given): Promise<unknown> };
  createImage(auth: { base64?: string }, options: Given): Promise<IncomingMessage>;
  getEvents(options: Given): Promise<IncomingMessage>;
};

type ContainerHandle = {
  id: string;
  start(): Promise<unknown>;
  stop(options: Given): Promise<unknown>;
  unpause(): Promise<unknown>;
  remove(options: Given): Promise<unknown>;
  rename(options: Given): Promise<unknown>;
  update(options: Given): Promise<unknown>;
  exec(options: Given): Promise<{ id: string; start(options: Given & { hijack: true }): Promise<Duplex> }>;
};

/** What dockerode hands to its modem (docker-modem lib/modem.js `dial`). */
type Dial = {
  path: string;
  method: Call["method"];
  options?: Given;
  abortSignal?: AbortSignal;
  authconfig?: { base64?: string };
  isStream?: boolean;
  hijack?: boolean;
};

type Callback = (error: unknown, result?: unknown) => void;

/** How long a call may take and what it is for. */
type Terms = { what: string; subject?: string; timeoutMs?: number };

/** dockerode, loaded at the first use: it costs more to load than a whole plan. */
export type LoadDockerode = (terms: Terms) => Promise<DockerClient>;

/**
 * dockerode over our own transport: its own modem reads the process's environment, opens further connections and reports
 * errors as text.
 * @param version API version without `v`
 */
export function dockerodeLoader(transport: Transport, version: () => Promise<string>): LoadDockerode {
  return async (terms) => {
    const [{ default: Docker }, apiVersion] = await Promise.all([import("dockerode"), version()]);
    const dial = (options: Dial, callback: Callback) => {
      perform(transport, apiVersion, options, terms).then(
        (result) => callback(null, result),
        (error: unknown) => callback(error),
      );
    };
    const options: object = { modem: { dial } };
    return new Docker(options) as unknown as DockerClient;
  };
}

async function perform(transport: Transport, version: string, dial: Dial, terms: Terms): Promise<unknown> {
  const { options = {}, abortSignal, authconfig } = dial;
  const [path] = dial.path.split("?") as [string];
  const call: Call = {
    ...terms,
    method: dial.method,
    path: `/v${version}${path}${queryOf(options._query ?? {})}`,
    ...(options._body === undefined ? {} : { body: options._body }),
    ...(authconfig?.base64 ? { headers: { "x-registry-auth": authconfig.base64 } } : {}),
    ...(abortSignal ? { signal: abortSignal } : {}),
  };
  if (dial.hijack) return transport.upgrade(call);
  const response = await transport.send(call);
  if (dial.isStream) return response;
  const text = await readText(transport.endpoint, terms, response);
  return text.startsWith("{") || text.startsWith("[") ? JSON.parse(text) : text;
}
