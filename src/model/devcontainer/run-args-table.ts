/** What a flag of `docker run` becomes. Values of `network`, `volume` and others are read where they are applied. */
export type RunSetting =
  | "addHost"
  | "capAdd"
  | "capDrop"
  | "cpus"
  | "env"
  | "gpus"
  | "groupAdd"
  | "hostname"
  | "init"
  | "label"
  | "memory"
  | "mount"
  | "network"
  | "pidsLimit"
  | "privileged"
  | "publish"
  | "readOnly"
  | "runtime"
  | "securityOpt"
  | "shmSize"
  | "stopSignal"
  | "tmpfs"
  | "ulimit"
  | "user"
  | "volume"
  | "workdir";

/**
 * What devc does with a flag: it becomes a setting; it means nothing here (`ignored`); it would mean something and is not
 * applied (`refused`); or it reaches beyond any profile (`exceeds`) unless its value is one of `except`, which ask for what
 * a sandbox has anyway. The texts are reasons, for people.
 */
export type RunRule =
  | { sets: RunSetting }
  | { ignored: string }
  | { refused: string }
  | { exceeds: string; except?: readonly string[] };

/** A flag: a switch takes a value only with `=`. */
export type RunFlag = { short?: string; isSwitch?: true; rule: RunRule };

const ignored = (why: string): RunFlag => ({ rule: { ignored: why } });
const refused = (why: string): RunFlag => ({ rule: { refused: why } });
const exceeds = (why: string, ...except: string[]): RunFlag => ({
  rule: { exceeds: why, ...(except.length > 0 ? { except } : {}) },
});
const sets = (setting: RunSetting, short?: string): RunFlag => ({
  rule: { sets: setting },
  ...(short ? { short } : {}),
});
const asSwitch = (flag: RunFlag, short?: string): RunFlag => ({ ...flag, isSwitch: true, ...(short ? { short } : {}) });

const ATTACHED = "devc starts sandboxes in the background and stays attached to none";
const LIFE = "devc decides when a sandbox starts, stops and is removed";
const CPU = "a profile limits CPUs only with --cpus";
const DISK = "a profile has no limits on disks";
const MEMORY = "a profile limits memory and swap together, with --memory";
const ADDRESS = "addresses and names in the sandbox's network are the engine's to give";
const HEALTH = "a sandbox is healthy by what its image says";
const RESOLVER = "the sandbox resolves names as its network does";
const LOGS = "devc reads the log of a sandbox from the engine's own driver";
const HOST_FILE = "devc does not read files of the host that only docker run knows";
const DEVICE = "it gives a device of the host";
const WINDOWS = "it is for Windows containers";
const MAPPING = "devc gives remoteUser the IDs of the folder's owner instead";

/** Every flag of `docker run` (Docker 28), and those of Podman that devcontainer.json files have. By name without dashes. */
export const RUN_FLAGS: Readonly<Record<string, RunFlag>> = {
  "add-host": sets("addHost"),
  annotation: refused("devc sets no annotations of OCI runtimes"),
  attach: { ...ignored(ATTACHED), short: "a" },
  "blkio-weight": refused(DISK),
  "blkio-weight-device": refused(DISK),
  "cap-add": sets("capAdd"),
  "cap-drop": sets("capDrop"),
  "cgroup-parent": exceeds("it takes the sandbox out of the limits of its profile"),
  cgroupns: exceeds("it shows the sandbox the host's control groups", "private"),
  cidfile: ignored("devc ps and devc status tell the container's ID"),
  "cpu-count": refused(WINDOWS),
  "cpu-percent": refused(WINDOWS),
  "cpu-period": refused(CPU),
  "cpu-quota": refused(CPU),
  "cpu-rt-period": refused(CPU),
  "cpu-rt-runtime": refused(CPU),
  "cpu-shares": { ...refused(CPU), short: "c" },
  cpus: sets("cpus"),
  "cpuset-cpus": refused(CPU),
  "cpuset-mems": refused(MEMORY),
  detach: asSwitch(ignored(ATTACHED), "d"),
  "detach-keys": ignored(ATTACHED),
  device: exceeds(DEVICE),
  "device-cgroup-rule": exceeds(DEVICE),
  "device-read-bps": refused(DISK),
  "device-read-iops": refused(DISK),
  "device-write-bps": refused(DISK),
  "device-write-iops": refused(DISK),
  "disable-content-trust": asSwitch(ignored("devc verifies no signatures of images")),
  dns: refused(RESOLVER),
  "dns-opt": refused(RESOLVER),
  "dns-option": refused(RESOLVER),
  "dns-search": refused(RESOLVER),
  domainname: refused(ADDRESS),
  entrypoint: ignored("the sandbox's first command is devc's, or the image's with overrideCommand false"),
  env: sets("env", "e"),
  "env-file": refused(`${HOST_FILE}; use containerEnv`),
  expose: ignored("it publishes nothing"),
  gpus: sets("gpus"),
  "group-add": sets("groupAdd"),
  "health-cmd": refused(HEALTH),
  "health-interval": refused(HEALTH),
  "health-retries": refused(HEALTH),
  "health-start-interval": refused(HEALTH),
  "health-start-period": refused(HEALTH),
  "health-timeout": refused(HEALTH),
  help: asSwitch(ignored("it prints a text and runs nothing")),
  hostname: sets("hostname", "h"),
  init: asSwitch(sets("init")),
  interactive: asSwitch(ignored(ATTACHED), "i"),
  "io-maxbandwidth": refused(WINDOWS),
  "io-maxiops": refused(WINDOWS),
  ip: refused(ADDRESS),
  ip6: refused(ADDRESS),
  ipc: exceeds(
    "it shares memory and semaphores with the host or another container",
    "private",
    "shareable",
    "none",
    "",
  ),
  isolation: refused(WINDOWS),
  "kernel-memory": refused(MEMORY),
  label: sets("label", "l"),
  "label-file": refused(`${HOST_FILE}; use --label`),
  link: exceeds("it reaches another container"),
  "link-local-ip": refused(ADDRESS),
  "log-driver": refused(LOGS),
  "log-opt": refused(LOGS),
  "mac-address": refused(ADDRESS),
  memory: sets("memory", "m"),
  "memory-reservation": refused(MEMORY),
  "memory-swap": refused(MEMORY),
  "memory-swappiness": refused(MEMORY),
  mount: sets("mount"),
  name: ignored("devc names its containers"),
  net: sets("network"),
  "net-alias": refused(ADDRESS),
  network: sets("network"),
  "network-alias": refused(ADDRESS),
  "no-healthcheck": asSwitch(refused(HEALTH)),
  "oom-kill-disable": asSwitch(exceeds("it lets the sandbox exhaust the host's memory", "false")),
  "oom-score-adj": exceeds("it lets the host kill other programs before the sandbox's"),
  pid: exceeds("it shows the sandbox processes of the host or another container", ""),
  "pids-limit": sets("pidsLimit"),
  platform: refused("name an image for the platform, or build one with build.options"),
  privileged: asSwitch(sets("privileged")),
  publish: sets("publish", "p"),
  "publish-all": asSwitch(sets("publish"), "P"),
  pull: ignored("devc pulls an image when it is missing"),
  quiet: asSwitch(ignored(ATTACHED), "q"),
  "read-only": asSwitch(sets("readOnly")),
  restart: ignored(LIFE),
  rm: asSwitch(ignored(LIFE)),
  runtime: sets("runtime"),
  "security-opt": sets("securityOpt"),
  "shm-size": sets("shmSize"),
  "sig-proxy": asSwitch(ignored(ATTACHED)),
  "stop-signal": sets("stopSignal"),
  "stop-timeout": refused(LIFE),
  "storage-opt": refused(DISK),
  sysctl: exceeds("it changes settings of the kernel"),
  tmpfs: sets("tmpfs"),
  tty: asSwitch(ignored(ATTACHED), "t"),
  ulimit: sets("ulimit"),
  "use-api-socket": asSwitch(exceeds("it gives the sandbox the container engine, and with it the whole host", "false")),
  user: sets("user", "u"),
  userns: exceeds("it changes which users of the host those of the sandbox are", ""),
  uts: exceeds("it lets the sandbox change the host's name", ""),
  volume: sets("volume", "v"),
  "volume-driver": refused("volumes of a sandbox use the engine's local driver"),
  "volumes-from": exceeds("it gives the mounts of another container"),
  workdir: sets("workdir", "w"),
  // Podman's.
  gidmap: refused(MAPPING),
  subgidname: refused(MAPPING),
  subuidname: refused(MAPPING),
  uidmap: refused(MAPPING),
};
