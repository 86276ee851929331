import { posix, win32 } from "node:path";

import { DevcError } from "../errors.ts";

/** Values of the variables of a devcontainer.json. A variable whose value is not given stands as written. */
export type Variables = {
  /** The environment devc runs in: `${localEnv:NAME}`, `${env:NAME}`. */
  localEnv?: Readonly<Record<string, string | undefined>>;
  /** Absolute folder of the project on the host: `${localWorkspaceFolder}`, `${localWorkspaceFolderBasename}`. */
  localWorkspaceFolder?: string;
  /** The project's folder in the sandbox; may hold other variables. */
  containerWorkspaceFolder?: string;
  /** `devcontainerId()` of the sandbox. */
  devcontainerId?: string;
  /** The environment of the container: `${containerEnv:NAME}`. */
  containerEnv?: Readonly<Record<string, string | undefined>>;
  /** The host's `process.platform`; on `win32` names of its environment ignore case. */
  platform?: string;
};

const VARIABLE = /\$\{(.*?)\}/g;

const ENVIRONMENTS = new Set(["env", "localEnv", "containerEnv"]);

type Resolve = (written: string, name: string, rest: string[]) => string;

/**
 * Puts values in for variables in every text of a value, at any depth; keys stay. A variable of the environment that is not
 * set becomes its default (`${localEnv:NAME:default}`, up to the next colon) or the empty text; variables without a value and
 * unknown ones stand as written, and what was put in is not looked at again.
 * https://containers.dev/implementors/json_reference/#variables-in-devcontainerjson
 * @throws DevcError `manifest-invalid` for a variable of an environment that names none: `${localEnv}`
 */
export function substitute<Value>(value: Value, variables: Variables): Value {
  const resolve = resolver(variables);
  const folder = variables.containerWorkspaceFolder;
  if (folder === undefined) return substituteIn(value, resolve) as Value;
  return substituteIn(
    value,
    resolver({ ...variables, containerWorkspaceFolder: folder.replace(VARIABLE, replacer(resolve)) }),
  ) as Value;
}

/** Whether a text, as written, takes something from the environment of the host. */
export function usesHostValue(text: string): boolean {
  return variablesIn(text).some(({ name }) => name === "localEnv" || name === "env");
}

/** The variables of a text as written: `${localEnv:HOME:/root}` is the name `localEnv` and the rest `HOME`, `/root`. */
export function variablesIn(text: string): { name: string; rest: string[] }[] {
  return [...text.matchAll(VARIABLE)].map(([, inner = ""]) => {
    const [name = "", ...rest] = inner.split(":");
    return { name, rest };
  });
}

/** The first variable of a text that `substitute` refuses, because it names no member of an environment: `${localEnv}`. */
export function namelessVariable(text: string): string | undefined {
  return variablesIn(text).find(({ name, rest }) => ENVIRONMENTS.has(name) && rest.length === 0)?.name;
}

function substituteIn(value: unknown, resolve: Resolve): unknown {
  if (typeof value === "string") return value.includes("${") ? value.replace(VARIABLE, replacer(resolve)) : value;
  if (Array.isArray(value)) return value.map((item) => substituteIn(item, resolve));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, substituteIn(member, resolve)]));
}

function replacer(resolve: Resolve): (written: string, inner: string) => string {
  return (written, inner) => {
    const [name = "", ...rest] = inner.split(":");
    return resolve(written, name, rest);
  };
}

function resolver(variables: Variables): Resolve {
  const { localWorkspaceFolder, containerWorkspaceFolder, devcontainerId, containerEnv, platform } = variables;
  const windows = platform === "win32";
  const localEnv = windows && variables.localEnv ? lowerCased(variables.localEnv) : variables.localEnv;
  const local = (written: string, rest: string[]) => fromEnvironment(localEnv, written, rest, windows);
  const known: Record<string, (written: string, rest: string[]) => string> = {
    env: local,
    localEnv: local,
    containerEnv: (written, rest) => fromEnvironment(containerEnv, written, rest, false),
    localWorkspaceFolder: (written) => localWorkspaceFolder ?? written,
    localWorkspaceFolderBasename: (written) =>
      localWorkspaceFolder === undefined ? written : (windows ? win32 : posix).basename(localWorkspaceFolder),
    containerWorkspaceFolder: (written) => containerWorkspaceFolder ?? written,
    containerWorkspaceFolderBasename: (written) =>
      containerWorkspaceFolder === undefined ? written : posix.basename(containerWorkspaceFolder),
    devcontainerId: (written) => devcontainerId ?? written,
  };
  return (written, name, rest) => (Object.hasOwn(known, name) ? known[name]?.(written, rest) : undefined) ?? written;
}

function fromEnvironment(
  env: Variables["localEnv"],
  written: string,
  [name, fallback = ""]: string[],
  ignoresCase: boolean,
): string {
  if (env === undefined) return written;
  if (name === undefined) {
    throw new DevcError("manifest-invalid", `${written} names no environment variable`, {
      hint: `Write ${written.slice(0, -1)}:NAME} or ${written.slice(0, -1)}:NAME:default}.`,
    });
  }
  const key = ignoresCase ? name.toLowerCase() : name;
  return (Object.hasOwn(env, key) ? env[key] : undefined) ?? fallback;
}

function lowerCased(env: NonNullable<Variables["localEnv"]>): NonNullable<Variables["localEnv"]> {
  return Object.fromEntries(Object.entries(env).map(([name, value]) => [name.toLowerCase(), value]));
}
