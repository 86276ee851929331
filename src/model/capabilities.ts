import { nearest } from "./nearest.ts";

/** Every capability of Linux by its name without `CAP_` (capabilities(7), kernel 6.x: numbers 0 to 40). */
export const CAPABILITIES = [
  "AUDIT_CONTROL",
  "AUDIT_READ",
  "AUDIT_WRITE",
  "BLOCK_SUSPEND",
  "BPF",
  "CHECKPOINT_RESTORE",
  "CHOWN",
  "DAC_OVERRIDE",
  "DAC_READ_SEARCH",
  "FOWNER",
  "FSETID",
  "IPC_LOCK",
  "IPC_OWNER",
  "KILL",
  "LEASE",
  "LINUX_IMMUTABLE",
  "MAC_ADMIN",
  "MAC_OVERRIDE",
  "MKNOD",
  "NET_ADMIN",
  "NET_BIND_SERVICE",
  "NET_BROADCAST",
  "NET_RAW",
  "PERFMON",
  "SETFCAP",
  "SETGID",
  "SETPCAP",
  "SETUID",
  "SYSLOG",
  "SYS_ADMIN",
  "SYS_BOOT",
  "SYS_CHROOT",
  "SYS_MODULE",
  "SYS_NICE",
  "SYS_PACCT",
  "SYS_PTRACE",
  "SYS_RAWIO",
  "SYS_RESOURCE",
  "SYS_TIME",
  "SYS_TTY_CONFIG",
  "WAKE_ALARM",
] as const;

/** One of `CAPABILITIES`. */
export type Capability = (typeof CAPABILITIES)[number];

/** Capabilities that reach the host's kernel whatever namespaces the sandbox has; no manifest can give them. */
const NEVER_GRANTED: Partial<Record<Capability | "ALL", string>> = {
  ALL: "it includes capabilities that take over the host",
  SYS_ADMIN: "it lets a process mount, trace and leave its namespaces: root on the host in all but name",
  SYS_MODULE: "it loads code into the host's kernel",
  SYS_RAWIO: "it reads and writes the host's memory and disks",
  SYS_BOOT: "it restarts the host or loads another kernel",
  SYS_TIME: "it sets the host's clock",
  SYSLOG: "it reads the host's kernel log and its addresses",
  MAC_ADMIN: "it changes the host's mandatory access control",
  MAC_OVERRIDE: "it ignores the host's mandatory access control",
  BPF: "it loads programs into the host's kernel",
  PERFMON: "it observes the host's kernel and every process on it",
  DAC_READ_SEARCH: "it opens any file of the host by its handle",
  AUDIT_CONTROL: "it switches off the host's audit log",
  CHECKPOINT_RESTORE: "it lets a process take over identities of others",
};

/** One layer's change to the set below it: `drop` first, then `add`. `ALL` drops everything. */
export type CapabilityEdit = { add: Capability[]; drop: (Capability | "ALL")[] };

/** A name that was read, or why it is none. */
export type CapabilityResult<Name> =
  | { name: Name; problem?: undefined }
  | { problem: "unknown-capability" | "refused-capability"; message: string; suggestion?: string };

/** A capability to add, with or without `CAP_`, in any case. Those that reach the host are refused with the reason. */
export function readAddedCapability(written: string): CapabilityResult<Capability> {
  const read = readDroppedCapability(written);
  if (read.problem) return read;
  const why = Object.hasOwn(NEVER_GRANTED, read.name) ? NEVER_GRANTED[read.name] : undefined;
  if (why === undefined) return { name: read.name as Capability };
  return { problem: "refused-capability", message: `${read.name} is never granted: ${why}` };
}

/** A capability to drop, or `ALL`. */
export function readDroppedCapability(written: string): CapabilityResult<Capability | "ALL"> {
  const name = written.toUpperCase().replace(/^CAP_/, "");
  const known: readonly string[] = [...CAPABILITIES, "ALL"];
  if (known.includes(name)) return { name: name as Capability | "ALL" };
  const suggestion = nearest(name, known);
  return {
    problem: "unknown-capability",
    message: `'${written}' is not a Linux capability`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

/** Applies edits in order, lowest layer first. The result is sorted and holds no name twice. */
export function editCapabilities(base: readonly Capability[], edits: CapabilityEdit[]): Capability[] {
  const set = new Set(base);
  for (const { add, drop } of edits) {
    if (drop.includes("ALL")) set.clear();
    for (const name of drop) set.delete(name as Capability);
    for (const name of add) set.add(name);
  }
  return [...set].toSorted();
}
