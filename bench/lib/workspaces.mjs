import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

export const IMAGE = "debian:bookworm-slim";

/** What devc runs in a sandbox, so that both tools start the same process. */
const COMMAND = ["/bin/sh", "-c", "trap 'exit 0' TERM INT; while :; do sleep 2147483647 & wait $!; done"];

const nameOf = (at) => `p${String(at).padStart(4, "0")}`;

/**
 * A folder with a devc.yaml and a compose.yaml that ask for the same: `count` containers without network, without
 * capabilities or privileges to gain, with the same limits, each with a volume when `volumes`.
 */
export async function makeWorkspace(name, count, { volumes }) {
  const folder = await mkdtemp(join(tmpdir(), `${name}-`));
  await mkdir(join(folder, "cache"));
  await writeFile(join(folder, "devc.yaml"), manifest(name, count, volumes));
  await writeFile(join(folder, "compose.yaml"), composeFile(`${name}-compose`, count, volumes));
  return { folder, name, count, remove: () => rm(folder, { recursive: true }) };
}

function manifest(name, count, volumes) {
  const projects = Array.from({ length: count }, (_, at) =>
    [`  ${nameOf(at)}:`, ...(volumes ? ["    volumes: { data: /data }"] : ["    env: { A: b }"])].join("\n"),
  );
  return `version: 1
workspace: ${name}
profiles:
  bench: { extends: strict, resources: { cpus: 1, memory: 512MiB, pids: 256 } }
defaults:
  profile: bench
  image: ${IMAGE}
projects:
${projects.join("\n")}
`;
}

function composeFile(name, count, volumes) {
  const services = Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      nameOf(at),
      {
        image: IMAGE,
        entrypoint: COMMAND.slice(0, 1),
        // Compose reads $ as the start of a variable; two of them stand for one.
        command: COMMAND.slice(1).map((word) => word.replaceAll("$", "$$$$")),
        hostname: nameOf(at),
        network_mode: "none",
        cap_drop: ["ALL"],
        security_opt: ["no-new-privileges"],
        cpus: 1,
        mem_limit: 512 * 1024 ** 2,
        memswap_limit: 512 * 1024 ** 2,
        pids_limit: 256,
        ...(volumes
          ? { volumes: [{ type: "volume", source: `${nameOf(at)}-data`, target: "/data" }] }
          : { environment: { A: "b" } }),
      },
    ]),
  );
  const named = volumes ? Object.fromEntries(Object.keys(services).map((each) => [`${each}-data`, {}])) : {};
  // JSON is YAML.
  return `${JSON.stringify({ name, services, volumes: named }, undefined, 1)}\n`;
}
