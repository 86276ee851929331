import { parseCpus, parseMemory } from "../units.ts";
import { MOUNT_EXPECTED } from "./asked.ts";
import type { Asked } from "./asked.ts";
import type { HostText } from "./host-text.ts";
import { parseMountText, parseTmpfsText, parseVolumeText, splitOnce } from "./mount-grammar.ts";
import type { MountResult } from "./mount-grammar.ts";
import type { Notes } from "./notes.ts";
import { parseRunArgs } from "./run-args.ts";
import type { RunOption } from "./run-args.ts";
import type { RunSetting } from "./run-args-table.ts";
import { usesHostValue } from "./variables.ts";

/** What a flag is applied with. `isHost`: its value takes something from the host's environment. */
type Use = { asked: Asked; from: string; isHost: boolean; text: HostText; localEnv: HostEnv; notes: Notes };

type HostEnv = Readonly<Record<string, string | undefined>>;

/** Takes one value over; gives what is wrong with it. */
type Setter = (use: Use, value: string, option: RunOption) => string | undefined;

/**
 * Takes over what `runArgs` ask for, on top of what is asked already. Flags that are not applied are noted with the reason;
 * what is no flag, or no value of one, is a problem.
 * @param localEnv the host's environment, from which `--env NAME` takes its value
 */
export function applyRunArgs(
  asked: Asked,
  runArgs: readonly string[],
  text: HostText,
  localEnv: HostEnv,
  notes: Notes,
): void {
  const plain = runArgs.map((arg) => text.plain(arg));
  const { options, problems } = parseRunArgs(plain);
  const isHost = (index: number) => usesHostValue(runArgs[index] as string);
  // Messages become part of plans and logs, where values of the host do not belong: they show what is written instead.
  const shown = (message: string, index: number, value = plain[index] as string) =>
    isHost(index) && value !== "" ? message.replaceAll(value, () => runArgs[index] as string) : message;
  for (const { index, message, ...problem } of problems)
    notes.problem(notes.placeOf(`runArgs[${index}]`), { ...problem, message: shown(message, index) });
  let published = false;
  for (const option of options) {
    const { rule, flag, value, index } = option;
    const from = notes.placeOf(`runArgs[${index}]`);
    if ("sets" in rule) {
      published ||= rule.sets === "publish";
      const problem = SETTERS[rule.sets]({ asked, from, isHost: isHost(index), text, localEnv, notes }, value, option);
      if (problem !== undefined) {
        const expected = MOUNT_SETTINGS.has(rule.sets) ? { expected: MOUNT_EXPECTED } : {};
        const message = `${flag}: ${shown(problem, index, value)}`;
        notes.problem(from, { code: "invalid-run-arg", message, ...expected });
      }
    } else if ("exceeds" in rule) {
      if (!rule.except?.includes(value))
        asked.exceeding.push({ value: { what: shown(nameOf(option), index, value), why: rule.exceeds }, from });
    } else if ("ignored" in rule) {
      notes.notice("run-arg-ignored", `${flag} in runArgs means nothing here: ${rule.ignored} (${from})`);
    } else {
      notes.notice("run-arg-refused", `${flag} in runArgs is not applied: ${rule.refused} (${from})`);
    }
  }
  if (published)
    notes.notice("ports-not-published", `ports of runArgs are not published yet (${notes.placeOf("runArgs")})`);
}

/** A flag with its value, for people. */
function nameOf({ flag, value, rule: _rule }: RunOption): string {
  return value === "true" ? flag : `${flag} ${value}`;
}

const MOUNT_SETTINGS: ReadonlySet<RunSetting> = new Set(["mount", "volume"]);

/** How each setting is taken over. */
const SETTERS: Record<RunSetting, Setter> = {
  env({ asked, from, isHost, text, localEnv }, written) {
    const [name, given] = splitOnce(written, "=") as [string, string?];
    if (name === "") return "a variable has no name";
    const value = given ?? localEnv[name];
    // Without a value the variable is the host's; where that has none, docker run sets none.
    if (value === undefined) return undefined;
    asked.env[name] = { value: isHost || given === undefined ? text.hide(value) : value, from };
    return undefined;
  },
  user: ({ asked, from }, value) => void (asked.user = { value, from }),
  workdir({ asked, from }, value) {
    if (!value.startsWith("/")) return `'${value}' is not an absolute path`;
    asked.workdir = { value, from };
    return undefined;
  },
  hostname({ asked, from }, value) {
    if (!/^[A-Za-z0-9][A-Za-z0-9.-]{0,62}$/.test(value)) return `'${value}' is not a host name`;
    asked.hostname = { value, from };
    return undefined;
  },
  stopSignal({ asked, from }, value) {
    if (!/^(SIG)?[A-Z][A-Z0-9+-]*$|^[0-9]{1,2}$/.test(value)) return `'${value}' is not a signal`;
    asked.stopSignal = { value, from };
    return undefined;
  },
  runtime: ({ asked, from }, value) => void (asked.runtime = { value, from }),
  init: flag("init"),
  readOnly: flag("readOnlyRoot"),
  privileged: flag("privileged"),
  capAdd: ({ asked, from }, value) => void asked.capAdd.push({ value, from }),
  capDrop: ({ asked, from }, value) => void asked.capDrop.push({ value, from }),
  securityOpt: ({ asked, from }, value) => void asked.securityOpt.push({ value, from }),
  network: ({ asked, from }, value) => void asked.networks.push({ value, from }),
  memory: limit("memory", parseMemory),
  cpus: limit("nanoCpus", parseCpus),
  pidsLimit: limit("pids", (value) =>
    /^(-1|\d{1,10})$/.test(value) ? { value: Number(value) } : { problem: `'${value}' is not a number of processes` },
  ),
  shmSize({ asked, from }, written) {
    const { value, problem } = parseMemory(written) as { value?: number; problem?: string };
    if (value === undefined) return problem;
    if (value > 0) asked.shmSize = { value, from };
    return undefined;
  },
  ulimit({ asked, from }, value) {
    const [name, limits = ""] = splitOnce(value, "=") as [string, string?];
    const match = /^(-1|\d+)(?::(-1|\d+))?$/.exec(limits);
    if (!ULIMITS.has(name) || !match) return `'${value}' is not a limit such as nofile=1024:2048`;
    const [, soft, hard = soft] = match;
    asked.ulimits[name] = { value: { soft: Number(soft), hard: Number(hard) }, from };
    return undefined;
  },
  addHost({ asked, from }, value) {
    const match = /^([^=:\s]+)[=:]\[?(host-gateway|[0-9a-fA-F:.]+)\]?$/.exec(value);
    if (!match) return `'${value}' is not a name with its address`;
    asked.extraHosts[match[1] as string] = { value: match[2] as string, from };
    return undefined;
  },
  groupAdd: ({ asked, from }, value) => void (asked.groups[value] = { value: true, from }),
  label({ asked, from, isHost, notes }, written) {
    const [name, value = ""] = splitOnce(written, "=") as [string, string?];
    if (name === "") return "a label has no name";
    const isOurs = /^(devc|devcontainer)\./.test(name);
    const reason = isOurs
      ? "its name belongs to the tools that find the container by it"
      : "everybody who sees the container would see the value of the host's environment";
    if (isHost || isOurs)
      notes.notice("run-arg-refused", `label ${name} in runArgs is not applied: ${reason} (${from})`);
    else asked.labels[name] = { value, from };
    return undefined;
  },
  mount: mountBy(parseMountText),
  volume: mountBy(parseVolumeText),
  tmpfs: mountBy(parseTmpfsText),
  gpus({ asked, from, notes }, value) {
    if (/^(all|-1|count=(all|-1))$/.test(value)) asked.gpus = { value: "required", from };
    else
      notes.notice(
        "run-arg-refused",
        `--gpus ${value} in runArgs is not applied: devc gives all GPUs or none (${from})`,
      );
    return undefined;
  },
  publish: () => undefined,
};

/** Limits of resources that engines know, as Docker names them. */
const ULIMITS: ReadonlySet<string> = new Set([
  "core",
  "cpu",
  "data",
  "fsize",
  "locks",
  "memlock",
  "msgqueue",
  "nice",
  "nofile",
  "nproc",
  "rss",
  "rtprio",
  "rttime",
  "sigpending",
  "stack",
]);

/** A switch; `false` asks for nothing, and takes nothing back: the reference implementation puts its own flags behind it. */
function flag(key: "init" | "readOnlyRoot" | "privileged"): Setter {
  return ({ asked, from }, value) => {
    if (!/^(true|false|1|0|t|f)$/i.test(value)) return `'${value}' is neither true nor false`;
    if (/^[t1]/i.test(value)) asked[key] = { value: true, from };
    return undefined;
  };
}

function limit(
  key: "memory" | "nanoCpus" | "pids",
  parse: (value: string) => { value: number } | { problem: string },
): Setter {
  return ({ asked, from }, written) => {
    const { value, problem } = parse(written) as { value?: number; problem?: string };
    if (value === undefined) return problem;
    asked.limits[key] = { value: value > 0 ? value : Number.POSITIVE_INFINITY, from };
    return undefined;
  };
}

function mountBy(parse: (text: string) => MountResult): Setter {
  return ({ asked, from }, text) => {
    const read = parse(text);
    if (read.problem !== undefined) return read.problem;
    const { target } = read.mount;
    const taken = asked.mounts.find((mount) => mount.value.target === target);
    if (taken) return `something is mounted at ${target} already (${taken.from})`;
    asked.mounts.push({ value: read.mount, from });
    return undefined;
  };
}
