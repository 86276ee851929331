import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";

/** What an answer is made of: a status and JSON, or a function that answers by itself. */
export type Answer =
  | { status?: number; json?: unknown }
  | ((response: ServerResponse, request: IncomingMessage) => void);

/** An HTTP server on a unix socket that answers what a test scripted and remembers what it was asked. */
export type ScriptedEngine = AsyncDisposable & {
  url: string;
  socket: string;
  /** A folder of its own, removed at the end. */
  folder: string;
  /** `GET /v1.41/networks`, in order. */
  asked: string[];
  bodies: string[];
  headers: IncomingMessage["headers"][];
  server: Server;
  /** Answers by `METHOD /path` without query; the first of several for one route is used once, the last for ever. */
  routes: Record<string, Answer[]>;
};

const VERSION = {
  ApiVersion: "1.41",
  MinAPIVersion: "1.12",
  Version: "20.10.24",
  Components: [{ Name: "Engine", Version: "20.10.24" }],
};
const INFO = {
  ID: "ID1",
  Name: "host",
  NCPU: 2,
  MemTotal: 1024,
  OSType: "linux",
  Architecture: "x86_64",
  DockerRootDir: "/d",
  DefaultRuntime: "runc",
};

/** Starts one that says it is a Docker 20.10. */
export async function scriptEngine(routes: Record<string, Answer | Answer[]> = {}): Promise<ScriptedEngine> {
  const folder = await mkdtemp(join(tmpdir(), "devc-scripted-"));
  const socket = join(folder, "engine.sock");
  const engine: ScriptedEngine = {
    url: `unix://${socket}`,
    socket,
    folder,
    asked: [],
    bodies: [],
    headers: [],
    server: createServer((request, response) => void answer(engine, request, response)),
    routes: { "GET /version": [{ json: VERSION }], "GET /info": [{ json: INFO }] },
    async [Symbol.asyncDispose]() {
      engine.server.closeAllConnections();
      await new Promise((resolve) => engine.server.close(resolve));
      await rm(folder, { recursive: true });
    },
  };
  for (const [route, answers] of Object.entries(routes))
    engine.routes[route] = Array.isArray(answers) ? answers : [answers];
  await new Promise<void>((resolve) => engine.server.listen(socket, resolve));
  return engine;
}

async function answer(engine: ScriptedEngine, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = request.url ?? "";
  engine.asked.push(`${request.method} ${path}`);
  engine.headers.push(request.headers);
  engine.bodies.push(await text(request));
  const answers = engine.routes[`${request.method} ${path.split("?")[0]}`] ?? [
    { status: 404, json: { message: `no route ${path}` } },
  ];
  const next = answers.length > 1 ? answers.shift() : answers[0];
  if (typeof next === "function") return next(response, request);
  response.writeHead(next?.status ?? 200, { "content-type": "application/json" });
  response.end(next?.json === undefined ? "" : JSON.stringify(next.json));
}
