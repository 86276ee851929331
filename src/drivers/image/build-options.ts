import { isAbsolute, resolve } from "node:path";

import type { ImageBuild } from "../../model/devcontainer/build.ts";
import { splitOnce } from "../../model/devcontainer/mount-grammar.ts";
import type { ValuePath } from "../../model/source.ts";

/** Something wrong with a member of `build`; `path` leads to it in the devcontainer.json. */
export type BuildIssue = { code: string; message: string; expected?: string; path?: ValuePath };

/** What `build.options` asks for, and what of it has no effect. */
export type BuildOptions = Pick<
  ImageBuild,
  "args" | "target" | "cacheFrom" | "secrets" | "network" | "labels" | "extraHosts" | "platform"
> & { warnings: { code: string; message: string }[] };

/** Why an option is not carried out. */
type Refusal = { message: string; expected?: string };

type Rule =
  | { takes: "value"; apply(options: BuildOptions, value: string, folder: string): Refusal | undefined }
  | { takes: "value" | "nothing"; ignored: string | true }
  | { takes: "value" | "nothing"; refused: string };

const OUTPUT = "devc decides what becomes of the image";

/** Options of `docker build` (https://docs.docker.com/reference/cli/docker/buildx/build/) and what devc does with each. */
const RULES: Record<string, Rule> = {
  "--add-host": { takes: "value", apply: addHost },
  "--build-arg": { takes: "value", apply: buildArgument },
  "--cache-from": { takes: "value", apply: cacheFrom },
  "--label": { takes: "value", apply: label },
  "--network": { takes: "value", apply: network },
  "--platform": { takes: "value", apply: (options, value) => void (options.platform = value) },
  "--secret": { takes: "value", apply: secret },
  "--target": { takes: "value", apply: (options, value) => void (options.target = value) },
  "--no-cache": { takes: "nothing", ignored: "the image is built when what decides it has changed" },
  "--pull": { takes: "nothing", ignored: "base images are pulled when they are absent" },
  "--load": { takes: "nothing", ignored: true },
  "--rm": { takes: "nothing", ignored: true },
  "--force-rm": { takes: "nothing", ignored: true },
  "--quiet": { takes: "nothing", ignored: true },
  "-q": { takes: "nothing", ignored: true },
  "--progress": { takes: "value", ignored: true },
  "--allow": { takes: "value", refused: "a build gets no further rights" },
  "--cache-to": { takes: "value", refused: "the cache of a build is not exported" },
  "--file": { takes: "value", refused: "name it in build.dockerfile" },
  "-f": { takes: "value", refused: "name it in build.dockerfile" },
  "--output": { takes: "value", refused: OUTPUT },
  "-o": { takes: "value", refused: OUTPUT },
  "--push": { takes: "nothing", refused: OUTPUT },
  "--ssh": { takes: "value", refused: "devc hands no keys of this host to a build" },
  "--tag": { takes: "value", refused: OUTPUT },
  "-t": { takes: "value", refused: OUTPUT },
};

/** What devc can do, for messages. */
const KNOWN = Object.entries(RULES)
  .flatMap(([name, rule]) => ("apply" in rule ? [name] : []))
  .join(", ");

/**
 * Reads `build.options`: words of a `docker build` command line, a value behind `=` or as the next word.
 * @param folder against which paths of secrets are resolved
 */
export function readBuildOptions(
  words: readonly string[],
  folder: string,
): { options: BuildOptions; issues: BuildIssue[] } {
  const options: BuildOptions = { args: {}, cacheFrom: [], secrets: {}, labels: {}, extraHosts: {}, warnings: [] };
  const issues: BuildIssue[] = [];
  for (let at = 0; at < words.length; at++) {
    const path = ["build", "options", at];
    const [, name = "", joined] = /^(-[^=]*)(?:=([\s\S]*))?$/.exec(words[at] as string) ?? [];
    const rule = Object.hasOwn(RULES, name) ? RULES[name] : undefined;
    const refuse = (message: string, expected?: string) =>
      issues.push({ code: "build-option", message, path, ...(expected === undefined ? {} : { expected }) });
    if (!rule) {
      refuse(`'${words[at]}' is no option of a build that devc carries out`, KNOWN);
      continue;
    }
    const value = joined ?? (rule.takes === "value" ? words[++at] : "");
    if (value === undefined) refuse(`${name} needs a value`);
    else if ("refused" in rule) refuse(`${name} is not carried out: ${rule.refused}`);
    else if ("ignored" in rule) {
      const message = `build option ${name} has no effect: ${rule.ignored}`;
      if (rule.ignored !== true) options.warnings.push({ code: "build-option-ignored", message });
    } else {
      const refusal = rule.apply(options, value, folder);
      if (refusal) refuse(`${name} ${refusal.message}`, refusal.expected);
    }
  }
  return { options, issues };
}

function addHost({ extraHosts }: BuildOptions, value: string): Refusal | undefined {
  const [, name, address] = /^([^:=]+)[:=](.+)$/.exec(value) ?? [];
  if (name === undefined || address === undefined)
    return { message: `'${value}' is no host`, expected: "name:address" };
  extraHosts[name] = address.replace(/^\[(.*)\]$/, "$1");
  return undefined;
}

function buildArgument({ args }: BuildOptions, value: string): Refusal | undefined {
  const [name, text] = splitOnce(value, "=") as [string, string?];
  if (name === "" || text === undefined)
    return { message: `'${value}' has no value`, expected: `${value}=\${localEnv:${value}}` };
  args[name] = text;
  return undefined;
}

function label({ labels }: BuildOptions, value: string): Refusal | undefined {
  const [name, text = ""] = splitOnce(value, "=") as [string, string?];
  if (name === "" || name.startsWith("devc."))
    return { message: `'${name}' cannot be a label`, expected: "name=value" };
  labels[name] = text;
  return undefined;
}

function cacheFrom(options: BuildOptions, value: string): Refusal | undefined {
  const { type, ref } = membersOf(value);
  const reference = type === "registry" ? ref : value;
  const expected = "a reference of an image";
  if (reference === undefined || reference.includes("=")) return { message: `'${value}' is no image`, expected };
  options.cacheFrom.push(reference);
  return undefined;
}

function network(options: BuildOptions, value: string): Refusal | undefined {
  const expected = "default or none";
  if (value !== "default" && value !== "none") return { message: `${value} is not given to a build`, expected };
  options.network = value;
  return undefined;
}

/** https://docs.docker.com/reference/cli/docker/buildx/build/#secret */
function secret({ secrets }: BuildOptions, value: string, folder: string): Refusal | undefined {
  const { id, type, env, src, source, ...others } = membersOf(value);
  const expected = "id=name,src=path or id=name,env=VARIABLE";
  const [other] = Object.keys(others);
  if (other !== undefined) return { message: `has no member '${other}'`, expected };
  if (!id) return { message: "names no id", expected };
  const file = src ?? source;
  if (type === "env" || (type === undefined && env !== undefined)) {
    if (file !== undefined && env !== undefined) return { message: `${id} has two sources`, expected };
    secrets[id] = { env: env ?? file ?? id };
  } else if (type === undefined || type === "file") {
    if (file === undefined || env !== undefined) return { message: `${id} has no file`, expected };
    secrets[id] = { file: isAbsolute(file) ? file : resolve(folder, file) };
  } else return { message: `${id} has an unknown type '${type}'`, expected };
  return undefined;
}

function membersOf(value: string): Record<string, string> {
  const members = value.split(",").map((member) => {
    const [name, text = ""] = splitOnce(member, "=") as [string, string?];
    return [name.trim(), text];
  });
  return Object.fromEntries(members) as Record<string, string>;
}
