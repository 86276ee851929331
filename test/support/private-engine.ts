import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { request } from "node:http";
import type { IncomingMessage } from "node:http";
import { tmpdir } from "node:os";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const SCRIPT = fileURLToPath(new URL("../../scripts/engines", import.meta.url));
const run = promisify(execFile);

/** An engine that belongs to one test, which may stop it. */
export type PrivateEngine = {
  endpoint: string;
  up(): Promise<void>;
  down(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/**
 * Starts an engine in folders and a network namespace of its own, so that it shares no bridge and no rule with the others,
 * and copies an image into it from another engine.
 */
export async function startPrivateEngine(
  name: string,
  image: { from: string; reference: string },
): Promise<PrivateEngine> {
  const home = await mkdtemp(path.join(tmpdir(), "devc-engine-"));
  const env = { ...process.env, DEVC_ENGINES_HOME: home };
  const engines = (...words: string[]) => run("unshare", ["--net", SCRIPT, ...words], { env });
  const up = async () => void (await engines("up", name));
  const down = async () => void (await engines("down", name));
  await up();
  const { stdout } = await engines("env", name);
  const endpoint = /^DEVC_ENGINE=(.+)$/m.exec(stdout)?.[1];
  if (endpoint === undefined) throw new Error(`scripts/engines env ${name} names no DEVC_ENGINE: ${stdout}`);
  await copyImage(image.from, endpoint, image.reference);
  return {
    endpoint,
    up,
    down,
    async [Symbol.asyncDispose]() {
      await engines("purge", name);
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** GET /images/{name}/get into POST /images/load. */
async function copyImage(from: string, to: string, reference: string): Promise<void> {
  const saved = await send(from, "GET", `/images/${encodeURIComponent(reference)}/get`);
  const loading = request({ socketPath: socketOf(to), method: "POST", path: "/images/load" });
  const loaded = new Promise<number>((resolve, reject) => {
    loading.on("error", reject);
    loading.on("response", (response) => {
      response.resume();
      response.on("end", () => resolve(response.statusCode ?? 0));
    });
  });
  await pipeline(saved, loading);
  if ((await loaded) !== 200) throw new Error(`the private engine did not load ${reference}`);
}

function send(endpoint: string, method: string, route: string) {
  return new Promise<IncomingMessage>((resolve, reject) => {
    const asked = request({ socketPath: socketOf(endpoint), method, path: route }, (response) => {
      if (response.statusCode === 200) resolve(response);
      else reject(new Error(`${method} ${route} answered ${response.statusCode}`));
    });
    asked.on("error", reject);
    asked.end();
  });
}

function socketOf(endpoint: string): string {
  return endpoint.replace(/^unix:\/\//, "");
}
