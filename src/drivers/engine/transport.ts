import { request as startRequest } from "node:http";
import type { ClientRequest, IncomingMessage, RequestOptions } from "node:http";
import { pipeline } from "node:stream";
import type { Duplex, Readable } from "node:stream";

import { DevcError } from "../../model/errors.ts";
import type { Connections } from "./agent.ts";
import type { Endpoint } from "./endpoint.ts";
import { connectionError, refusalError } from "./errors.ts";
import type { Purpose } from "./errors.ts";

/** One request to the engine. */
export type Call = Purpose & {
  method: "GET" | "POST" | "DELETE" | "PUT" | "HEAD";
  /** Absolute path with its API version and query. */
  path: string;
  /** JSON body, or its text. */
  body?: unknown;
  text?: string;
  /** A body that is too large to hold, sent in chunks, and its media type. */
  stream?: { open: () => Readable; type: string };
  headers?: Record<string, string | string[]>;
  /** Milliseconds the whole answer may take; absent: for ever. */
  timeoutMs?: number;
  signal?: AbortSignal;
};

/** Requests to one engine over shared connections. Every failure is a `DevcError`. */
export type Transport = {
  readonly endpoint: Endpoint;
  /** The answer as it begins; statuses of 400 and more are errors. */
  send(call: Call): Promise<IncomingMessage>;
  /** The answer's JSON; undefined when it is empty. */
  json<T>(call: Call): Promise<T>;
  /** Turns the connection into a raw stream (101 UPGRADED). */
  upgrade(call: Call): Promise<Duplex>;
  close(): void;
};

/** Milliseconds a question about what exists may take. */
export const READ_TIMEOUT_MS = 60_000;
/** Milliseconds a change may take that waits for nothing but the engine itself. */
export const CHANGE_TIMEOUT_MS = 300_000;

/** Creates the transport of an endpoint. `connections` opens them at the first request. */
export function createTransport(endpoint: Endpoint, connections: () => Promise<Connections>): Transport {
  let opening: Promise<Connections> | undefined;
  const open = () => (opening ??= connections());

  const answer = async (call: Call): Promise<Answer> => {
    const { agent, target } = await open();
    try {
      return await exchange(call, { ...target, agent });
    } catch (error) {
      throw connectionError(endpoint, call, error);
    }
  };

  const send = async (call: Call): Promise<IncomingMessage> => {
    const { response, socket } = await answer(call);
    socket?.destroy();
    return accept(endpoint, call, response);
  };

  return {
    endpoint,
    send,
    async json<T>(call: Call) {
      const text = await readText(endpoint, call, await send(call));
      try {
        return (text === "" ? undefined : JSON.parse(text)) as T;
      } catch (cause) {
        const message = `the engine's answer is no JSON when devc wanted to ${call.what}`;
        throw new DevcError("engine-error", message, { subject: endpoint.url, details: [text.slice(0, 500)], cause });
      }
    },
    async upgrade(call) {
      const headers = { connection: "Upgrade", upgrade: "tcp", ...call.headers };
      const { response, socket } = await answer({ ...call, headers });
      if (socket) return socket;
      await accept(endpoint, call, response);
      response.destroy();
      const message = `the engine could not ${call.what}: it did not open a stream (status ${response.statusCode})`;
      throw new DevcError("engine-error", message, { subject: endpoint.url });
    },
    close: () =>
      void opening?.then(
        (opened) => opened.close(),
        // What could not be opened was reported to whoever asked for something.
        () => {},
      ),
  };
}

/** The answer as text. A break in the middle is an error. */
export async function readText(endpoint: Endpoint, purpose: Purpose, response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of response) chunks.push(chunk as Buffer);
  } catch (error) {
    throw connectionError(endpoint, purpose, error);
  }
  return Buffer.concat(chunks).toString();
}

async function accept(endpoint: Endpoint, call: Call, response: IncomingMessage): Promise<IncomingMessage> {
  const status = response.statusCode ?? 0;
  if (status < 400) return response;
  const { what, method, path, subject } = call;
  const body = await readText(endpoint, call, response);
  throw refusalError({ what, method, path, status, body, ...(subject === undefined ? {} : { subject }) });
}

type Answer = { response: IncomingMessage; socket?: Duplex };

/** Sends once, and a question once more when a kept connection turns out to have been closed by the engine meanwhile. */
async function exchange(call: Call, target: RequestOptions): Promise<Answer> {
  const first = attempt(call, target);
  try {
    return await first.answer;
  } catch (error) {
    const closed = ["ECONNRESET", "EPIPE"].includes((error as NodeJS.ErrnoException).code ?? "");
    if (!closed || !first.request.reusedSocket || call.method !== "GET") throw error;
    return attempt(call, target).answer;
  }
}

function attempt(call: Call, target: RequestOptions): { request: ClientRequest; answer: Promise<Answer> } {
  const { method, path, timeoutMs, signal } = call;
  const body = call.text ?? (call.body === undefined ? undefined : JSON.stringify(call.body));
  const headers: Record<string, string | string[] | number> = { ...call.headers };
  if (call.stream) headers["content-type"] = call.stream.type;
  else if (body !== undefined) headers["content-type"] = "application/json";
  if (!call.stream && (body !== undefined || method === "POST"))
    headers["content-length"] = Buffer.byteLength(body ?? "");
  const options = { ...target, method, path, headers, ...(signal ? { signal } : {}) };
  const request = startRequest(options);
  const answer = new Promise<Answer>((resolve, reject) => {
    request.once("response", (response) => resolve({ response }));
    request.once("upgrade", (response, socket, head) => {
      if (head.length > 0) socket.unshift(head);
      resolve({ response, socket });
    });
    request.on("error", reject);
  });
  if (timeoutMs !== undefined) limit(request, timeoutMs);
  if (call.stream) upload(call.stream.open(), request);
  else request.end(body);
  return { request, answer };
}

/** Errors of the source and of the connection both end up as the request's error; a broken connection ends the source. */
function upload(content: Readable, request: ClientRequest): void {
  // The pipeline would end the request without saying why.
  content.once("error", (error) => request.destroy(error));
  pipeline(content, request, () => {});
}

function limit(request: ClientRequest, timeoutMs: number): void {
  const late = Object.assign(new Error(`no answer within ${timeoutMs / 1000} s`), { code: "ETIMEDOUT" });
  const timer = setTimeout(() => request.destroy(late), timeoutMs);
  request.once("close", () => clearTimeout(timer));
}
