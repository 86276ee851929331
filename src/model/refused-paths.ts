import { posix } from "node:path";

/** Why a host path is never given to a sandbox. */
type Refusal = {
  /** Absolute; a leading `~` is the home folder. */
  path: string;
  /** Whether what lies below is refused too. What lies above always is: it contains the path. */
  below: boolean;
  why: string;
};

const ENGINE_DATA = "it holds the container engine's own data";
const ENGINE_CONTROL = "it leads to the container engine, and with it to the whole host";
const KERNEL = "it is an interface of the host's kernel";

/** The one table of host paths no manifest can mount, whatever the profile. */
const REFUSALS: Refusal[] = [
  { path: "/proc", below: true, why: KERNEL },
  { path: "/sys", below: true, why: KERNEL },
  { path: "/dev", below: true, why: KERNEL },
  { path: "/run", below: false, why: ENGINE_CONTROL },
  { path: "/var/run", below: false, why: ENGINE_CONTROL },
  { path: "/private/var/run", below: false, why: ENGINE_CONTROL },
  ...["docker", "containerd", "podman", "crio", "buildkit"].map((engine) => ({
    path: `/run/${engine}`,
    below: true,
    why: ENGINE_CONTROL,
  })),
  ...["docker", "containers", "containerd", "crio", "kubelet", "buildkit"].map((engine) => ({
    path: `/var/lib/${engine}`,
    below: true,
    why: ENGINE_DATA,
  })),
  { path: "~", below: false, why: "it is your whole home folder, with its keys and the files your shell runs" },
  ...[".docker", ".colima", ".lima", ".rd", ".orbstack"].map((folder) => ({
    path: `~/${folder}`,
    below: true,
    why: ENGINE_CONTROL,
  })),
  { path: "~/.local/share/docker", below: true, why: ENGINE_DATA },
  { path: "~/.local/share/containers", below: true, why: ENGINE_DATA },
];

/** Folder of a login's sockets, among them those of rootless engines. */
const RUNTIME_FOLDER = /^\/run\/user\/[0-9]+(\/(docker|podman|containerd|containers|buildkit|libpod)(\/|$)|$)/;

const SOCKET_NAME = /\.sock(et)?$/i;

/** Sockets that control an engine, wherever they are. */
const ENGINE_SOCKET = /\/[^/]*(docker|podman|containerd|crio|buildkit|lima)[^/]*\.sock(et)?$/i;

/**
 * Makes the function that says why a host path cannot be mounted; undefined when it can. Paths are absolute and real: every
 * symbolic link resolved.
 * @param home absolute and real path of the home folder
 * @param within the function is only asked about paths in this folder, so that it need not look at the others
 */
export function createRefusals(home: string, within = "/"): (path: string) => string | undefined {
  const refusals = REFUSALS.map(({ path, ...rest }) => ({
    ...rest,
    path: path.startsWith("~") ? posix.join(home, path.slice(1)) : path,
  })).filter(({ path, below }) => isInside(path, within) || (below && isInside(within, path)));
  return (path) => {
    const isSocket = SOCKET_NAME.test(path) && ENGINE_SOCKET.test(path);
    if (isSocket || (path.startsWith("/run/user/") && RUNTIME_FOLDER.test(path))) return ENGINE_CONTROL;
    for (const { path: refused, below, why } of refusals) {
      if (refused === path) return why;
      if (isInside(refused, path)) return `${refused} is in it`;
      if (below && isInside(path, refused)) return why;
    }
    return undefined;
  };
}

/** Whether `path` is `folder` or lies in it. Both absolute and normal. */
export function isInside(path: string, folder: string): boolean {
  if (!path.startsWith(folder)) return false;
  return path.length === folder.length || folder.endsWith("/") || path[folder.length] === "/";
}
