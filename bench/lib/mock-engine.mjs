// A container engine that keeps its containers in memory and answers at once: what is measured against it is the client.
// Program: node mock-engine.mjs SOCKET. It answers the part of the Docker Engine API that devc uses for sandboxes,
// and on /bench/requests with the number of requests per endpoint since the last such call.
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";

const VERSION = "28.5.2";
const API = "1.51";
const IMAGE_ID = `sha256:${"ab".repeat(32)}`;
const NONE_ID = "cd".repeat(32);

const containers = new Map();
const volumes = new Map();
let requests = {};
let rows; // the list's text, made once: a real engine answers it from memory too

const ROUTES = [
  ["GET", /^\/_ping$/, () => text("OK")],
  ["HEAD", /^\/_ping$/, () => text("")],
  [
    "GET",
    /^\/version$/,
    () => ({
      Version: VERSION,
      ApiVersion: API,
      MinAPIVersion: "1.24",
      Os: "linux",
      Arch: "amd64",
      Components: [{ Name: "Engine", Version: VERSION }],
    }),
  ],
  [
    "GET",
    /^\/info$/,
    () => ({
      ID: "devc-bench",
      Name: "bench",
      ServerVersion: VERSION,
      NCPU: 64,
      MemTotal: 2 ** 40,
      OSType: "linux",
      Architecture: "x86_64",
      OperatingSystem: "bench",
      SecurityOptions: [],
      Runtimes: { runc: {} },
    }),
  ],
  ["GET", /^\/containers\/json$/, () => text((rows ??= JSON.stringify([...containers.values()].map(listRow))))],
  ["GET", /^\/networks$/, () => []],
  ["GET", /^\/volumes$/, () => ({ Volumes: [...volumes.values()], Warnings: null })],
  [
    "GET",
    /^\/images\/.+\/json$/,
    () => ({ Id: IMAGE_ID, RepoTags: ["debian:bookworm-slim"], Config: { Labels: {}, Env: [], User: "" } }),
  ],
  ["GET", /^\/containers\/([^/]+)\/json$/, ([, id]) => inspectRow(containers.get(id))],
  [
    "POST",
    /^\/volumes\/create$/,
    (_match, body) =>
      created(volumes, body.Name, {
        Name: body.Name,
        Driver: "local",
        Labels: body.Labels ?? {},
        Mountpoint: "",
        Options: null,
        Scope: "local",
      }),
  ],
  [
    "POST",
    /^\/containers\/create$/,
    (_match, body, query) => {
      const Id = randomBytes(32).toString("hex");
      containers.set(Id, {
        Id,
        Name: query.get("name"),
        Created: Math.floor(Date.now() / 1000),
        State: "created",
        body,
      });
      return status(201, { Id, Warnings: [] });
    },
  ],
  [
    "POST",
    /^\/containers\/([^/]+)\/start$/,
    ([, id]) => {
      containers.get(id).State = "running";
      return status(204);
    },
  ],
];

function inspectRow(container) {
  const { Id, Name, Created, State, body } = container;
  const { HostConfig, ...Config } = body;
  const { Mounts, NetworkSettings } = listRow(container);
  return {
    Id,
    Name: `/${Name}`,
    Created: new Date(Created * 1000).toISOString(),
    Image: IMAGE_ID,
    State: {
      Status: State,
      Running: true,
      Paused: false,
      Pid: 1,
      ExitCode: 0,
      Error: "",
      StartedAt: "",
      FinishedAt: "",
    },
    Config,
    HostConfig,
    Mounts,
    NetworkSettings,
  };
}

function listRow({ Id, Name, Created, State, body }) {
  const { HostConfig = {}, Labels = {} } = body;
  return {
    Id,
    Names: [`/${Name}`],
    Image: IMAGE_ID,
    ImageID: IMAGE_ID,
    Command: [...(body.Entrypoint ?? []), ...(body.Cmd ?? [])].join(" "),
    Created,
    State,
    Status: "Up 2 hours",
    Ports: [],
    Labels,
    HostConfig: { NetworkMode: HostConfig.NetworkMode },
    NetworkSettings: {
      Networks: HostConfig.NetworkMode === "none" ? { none: { NetworkID: NONE_ID, EndpointID: "" } } : {},
    },
    Mounts: (HostConfig.Mounts ?? []).map(({ Type, Source, Target }) => ({
      Type,
      ...(Type === "volume" ? { Name: Source, Source: `/var/lib/docker/volumes/${Source}/_data` } : { Source }),
      Destination: Target,
      Mode: "z",
      RW: true,
      Propagation: "",
    })),
  };
}

function created(store, key, value) {
  store.set(key, value);
  return status(201, value);
}

function text(body) {
  return { code: 200, body };
}

function status(code, value) {
  return { code, body: value === undefined ? "" : JSON.stringify(value) };
}

const server = createServer(async (request, response) => {
  const url = new URL(request.url, "http://engine");
  const path = url.pathname.replace(/^\/v[\d.]+(?=\/)/, "");
  if (path === "/bench/requests") {
    response.end(JSON.stringify(requests));
    requests = {};
    return;
  }
  const body = (await request.setEncoding("utf8").toArray()).join("");
  const route = ROUTES.find(([method, pattern]) => method === request.method && pattern.test(path));
  const name = `${request.method} ${path.replace(/[0-9a-f]{64}/, "ID")}`;
  requests[name] = (requests[name] ?? 0) + 1;
  if (request.method === "POST") rows = undefined;
  const answer = route
    ? route[2](route[1].exec(path), body ? JSON.parse(body) : {}, url.searchParams)
    : status(404, { message: `the bench engine has no ${name}` });
  const { code, body: sent } = "code" in answer ? answer : status(200, answer);
  response.writeHead(code, { "Content-Type": "application/json", "Api-Version": API, Server: "Docker/28.5.2 (linux)" });
  response.end(sent);
});

server.listen(process.argv[2], () => process.stdout.write("ready\n"));
