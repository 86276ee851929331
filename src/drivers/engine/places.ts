import { pathsOf } from "./docker-context.ts";
import type { DiscoveryWorld } from "./world.ts";

type Place = {
  /** For messages: `rootless Docker`. */
  name: string;
  platforms: NodeJS.Platform[];
  /** Addresses to try, best first; sockets as `unix://` and `npipe://` addresses. */
  urls: (world: DiscoveryWorld) => string[];
};

const LINUX: NodeJS.Platform[] = ["linux"];
const MAC: NodeJS.Platform[] = ["darwin"];
const UNIX: NodeJS.Platform[] = ["linux", "darwin", "freebsd"];
const WINDOWS: NodeJS.Platform[] = ["win32"];

/**
 * Where engines listen when nobody says so, in the order in which they are tried. The first that answers is taken.
 * Sources: the products' own documentation of their socket paths.
 */
const PLACES: Place[] = [
  { name: "Docker", platforms: UNIX, urls: () => ["unix:///var/run/docker.sock"] },
  { name: "Docker", platforms: WINDOWS, urls: () => ["npipe:////./pipe/docker_engine"] },
  {
    name: "rootless Docker",
    platforms: LINUX,
    urls: (w) => [...runtime(w, "docker.sock"), ...home(w, ".docker/run/docker.sock")],
  },
  { name: "Docker Desktop", platforms: LINUX, urls: (w) => home(w, ".docker/desktop/docker.sock") },
  { name: "Docker Desktop", platforms: MAC, urls: (w) => home(w, ".docker/run/docker.sock") },
  { name: "Docker Desktop", platforms: WINDOWS, urls: () => ["npipe:////./pipe/dockerDesktopLinuxEngine"] },
  { name: "Colima", platforms: UNIX, urls: colima },
  { name: "OrbStack", platforms: UNIX, urls: (w) => home(w, ".orbstack/run/docker.sock") },
  { name: "Rancher Desktop", platforms: UNIX, urls: (w) => home(w, ".rd/docker.sock") },
  { name: "Lima", platforms: UNIX, urls: (w) => instances(w, limaFolder(w), "docker", "sock/docker.sock") },
  { name: "rootless Podman", platforms: LINUX, urls: (w) => runtime(w, "podman/podman.sock") },
  { name: "Podman", platforms: UNIX, urls: () => ["unix:///run/podman/podman.sock"] },
  { name: "Podman machine", platforms: UNIX, urls: podmanMachine },
  { name: "Podman machine", platforms: WINDOWS, urls: () => ["npipe:////./pipe/podman-machine-default"] },
  { name: "Podman in Lima", platforms: UNIX, urls: (w) => instances(w, limaFolder(w), "podman", "sock/podman.sock") },
];

/** Every place to try on a platform, in order, with the addresses there; an address stands only once. */
export function placesOf(world: DiscoveryWorld): { name: string; url: string }[] {
  const seen = new Set<string>();
  const fresh = (url: string): boolean => !seen.has(url) && Boolean(seen.add(url));
  return PLACES.filter(({ platforms }) => platforms.includes(world.platform)).flatMap(({ name, urls }) =>
    urls(world)
      .filter(fresh)
      .map((url) => ({ name, url })),
  );
}

function home(world: DiscoveryWorld, path: string): string[] {
  return [`unix://${world.home}/${path}`];
}

/** Below `$XDG_RUNTIME_DIR`, which sessions without a login manager lack: `/run/user/<uid>` is what it would be. */
function runtime({ env, uid }: DiscoveryWorld, path: string): string[] {
  const folder = env["XDG_RUNTIME_DIR"] || (uid === undefined ? undefined : `/run/user/${uid}`);
  return folder === undefined ? [] : [`unix://${folder}/${path}`];
}

function colima(world: DiscoveryWorld): string[] {
  const { env } = world;
  const folders = env["COLIMA_HOME"]
    ? [env["COLIMA_HOME"]]
    : [`${world.home}/.colima`, `${env["XDG_CONFIG_HOME"] || `${world.home}/.config`}/colima`];
  const profile = env["COLIMA_PROFILE"] || "default";
  return folders.flatMap((folder) => instances(world, folder, profile, "docker.sock"));
}

function limaFolder({ env, home: folder }: DiscoveryWorld): string {
  return env["LIMA_HOME"] || `${folder}/.lima`;
}

/** A socket in every folder of `folder`, that of `first` before the others; `first` is tried even when it is not there. */
function instances(world: DiscoveryWorld, folder: string, first: string, socket: string): string[] {
  const { join } = pathsOf(world.platform);
  const others = world.files
    .list(folder)
    .filter((name) => name !== first && !name.startsWith("_"))
    .filter((name) => world.files.exists(join(folder, name, socket)));
  return [first, ...others].map((name) => `unix://${join(folder, name, socket)}`);
}

function podmanMachine(world: DiscoveryWorld): string[] {
  const { env } = world;
  const machines = `${world.home}/.local/share/containers/podman/machine`;
  const temporary = world.platform === "darwin" ? env["TMPDIR"]?.replace(/\/$/, "") : undefined;
  return [
    ...(temporary ? [`unix://${temporary}/podman/podman-machine-default-api.sock`] : []),
    ...(world.platform === "linux" ? runtime(world, "podman/podman-machine-default-api.sock") : []),
    `unix://${machines}/podman.sock`,
    `unix://${machines}/podman-machine-default/podman.sock`,
    `unix://${machines}/qemu/podman.sock`,
  ];
}
