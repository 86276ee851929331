import { randomUUID } from "node:crypto";
import { performServerHandshake } from "node:http2";
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

import type { Transport } from "../transport.ts";
import { readFields, textOf, writeBytes, writeNumber } from "./protobuf.ts";

/** What a build may ask this side for while it runs. */
export type SessionAnswers = {
  /** A secret of the build by its ID; undefined when there is none of that name. */
  secret(id: string): Uint8Array | undefined;
  /** The login for a registry host; undefined: pull without one. */
  login(host: string): { username: string; secret: string } | undefined;
};

/** An open session; `id` goes into the build's `session`. */
export type BuildSession = { id: string; close(): void };

/** gRPC status codes (grpc.io, "Status Codes"). */
const OK = 0;
const NOT_FOUND = 5;
const UNIMPLEMENTED = 12;
const INTERNAL = 13;

type Reply = { status: number; message?: string; body?: Uint8Array };

/**
 * Methods served to the builder, by path. The context is not among them: it is the body of the build request.
 * moby/buildkit: session/auth/auth.proto, session/secrets/secrets.proto; gRPC health checking protocol.
 */
const METHODS: Record<string, (request: Uint8Array, answers: SessionAnswers) => Reply> = {
  "/grpc.health.v1.Health/Check": () => ({ status: OK, body: writeNumber(1, 1) }),
  "/moby.filesync.v1.Auth/Credentials": (request, { login }) => {
    const found = login(textOf(readFields(request), 1));
    return { status: OK, body: found ? writeBytes({ 1: found.username, 2: found.secret }) : new Uint8Array() };
  },
  "/moby.buildkit.secrets.v1.Secrets/GetSecret": (request, { secret }) => {
    const id = textOf(readFields(request), 1);
    const data = secret(id);
    return data ? { status: OK, body: writeBytes({ 1: data }) } : { status: NOT_FOUND, message: `no secret ${id}` };
  },
};

/**
 * Opens a session with BuildKit inside Docker: POST /session turns the connection into HTTP/2 on which the engine is the
 * client and asks for secrets and logins (Docker Engine API, "Initialize interactive session").
 * @param version API version without `v`
 */
export async function openSession(
  transport: Transport,
  version: string,
  answers: SessionAnswers,
): Promise<BuildSession> {
  const id = randomUUID();
  const socket = await transport.upgrade({
    method: "POST",
    path: `/v${version}/session`,
    what: "open a build session",
    headers: {
      upgrade: "h2c",
      "x-docker-expose-session-uuid": id,
      "x-docker-expose-session-name": "devc",
      "x-docker-expose-session-grpc-method": Object.keys(METHODS),
    },
  });
  const session = performServerHandshake(socket);
  session.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => serve(stream, headers, answers));
  // The build itself reports what goes wrong; a session that ends early must not end the process.
  for (const source of [session, socket]) source.on("error", () => socket.destroy());
  // What came with the upgrade is read in the next tick, and a session that was closed before cannot (Node 20).
  await new Promise((resolve) => setImmediate(resolve));
  return { id, close: () => session.destroy() };
}

/** One unary gRPC call: a length-prefixed message in, one out, and the status in the trailers (gRPC over HTTP/2). */
function serve(stream: ServerHttp2Stream, headers: IncomingHttpHeaders, answers: SessionAnswers): void {
  const chunks: Buffer[] = [];
  stream.on("error", () => stream.destroy());
  stream.on("data", (chunk: Buffer) => chunks.push(chunk));
  stream.on("end", () => {
    const { status, message, body } = replyTo(String(headers[":path"]), Buffer.concat(chunks), answers);
    const trailers = {
      "grpc-status": String(status),
      ...(message ? { "grpc-message": encodeURIComponent(message) } : {}),
    };
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers(trailers));
    stream.end(body ? framed(body) : undefined);
  });
}

function replyTo(path: string, message: Buffer, answers: SessionAnswers): Reply {
  const method = Object.hasOwn(METHODS, path) ? METHODS[path] : undefined;
  if (!method) return { status: UNIMPLEMENTED, message: `${path} is not served` };
  try {
    return method(message.subarray(PREFIX), answers);
  } catch (error) {
    // What is no message ends that call and nothing else.
    if (!(error instanceof RangeError)) throw error;
    return { status: INTERNAL, message: error.message };
  }
}

/** Bytes before each message: whether it is compressed, and its length. */
const PREFIX = 5;

function framed(body: Uint8Array): Buffer {
  const prefix = Buffer.alloc(PREFIX);
  prefix.writeUInt32BE(body.length, 1);
  return Buffer.concat([prefix, body]);
}
