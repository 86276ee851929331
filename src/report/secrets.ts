import { DEVCONTAINER_LABEL } from "../model/devcontainer/labels.ts";

/** What stands in place of a value that must not be shown. */
export const HIDDEN = "(hidden)";

const SECRET_WORDS =
  /(^|_)(TOKEN|SECRET|SECRETS|PASSWORD|PASSWD|PASSPHRASE|PASS|PWD|KEY|KEYS|APIKEY|CREDENTIAL|CREDENTIALS|AUTH|COOKIE|DSN|PAT|JWT|BEARER|PRIVATE|SIGNATURE)(_|$)/;

/** Names that hold one of the words and are no secrets. */
const HARMLESS = new Set(["PWD", "OLDPWD", "SSH_AUTH_SOCK"]);

/** Whether the name of an environment variable looks like that of a secret: `NPM_TOKEN`, `apiKey`, `DB-PASSWORD`. */
export function looksSecret(name: string): boolean {
  const words = name.replaceAll(/([a-z0-9])([A-Z])/g, "$1_$2").toUpperCase();
  const normal = words.replaceAll(/[^A-Z0-9]+/g, "_");
  return !HARMLESS.has(normal) && (SECRET_WORDS.test(normal) || /(TOKEN|PASSWORD|SECRET)$/.test(normal));
}

/** Whether a value carries a password of its own: `postgres://user:password@host`. */
function holdsSecret(value: string): boolean {
  return /^[a-z][a-z0-9+.-]*:\/\/[^/@\s]*:[^/@\s]+@/i.test(value);
}

/** The value of a variable as it may be shown. */
export function maskValue(name: string, value: string): string {
  return looksSecret(name) || holdsSecret(value) ? HIDDEN : value;
}

/** Members that hold variables: of specs, of builds, and of devcontainer.json. */
const VARIABLES = new Set(["env", "args", "containerEnv", "remoteEnv"]);

/**
 * A copy of plain JSON in which values of secret-looking variables are hidden: members of any object that holds variables,
 * also inside the `devcontainer.metadata` label, and the values of patch operations whose path points to one.
 */
export function maskSecrets<T>(value: T): T {
  return mask(value) as T;
}

function mask(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(mask);
  if (typeof value !== "object" || value === null) return value;
  const members = Object.entries(value);
  const variable = variableOfPatch(value);
  return Object.fromEntries(
    members.map(([key, member]) => {
      if (VARIABLES.has(key)) return [key, maskVariables(member)];
      if (key === DEVCONTAINER_LABEL.metadata) return [key, maskMetadata(member)];
      if (key === "value" && variable === "*") return [key, maskVariables(member)];
      if (key === "value" && variable !== undefined) return [key, maskOne(variable, member)];
      return [key, mask(member)];
    }),
  );
}

/** What is no JSON is not what devc wrote and is hidden whole. */
function maskMetadata(label: unknown): unknown {
  if (typeof label !== "string") return label;
  try {
    return JSON.stringify(mask(JSON.parse(label)));
  } catch (error) {
    if (error instanceof SyntaxError) return HIDDEN;
    throw error;
  }
}

function maskVariables(variables: unknown): unknown {
  if (typeof variables !== "object" || variables === null || Array.isArray(variables)) return mask(variables);
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, maskOne(name, value)]));
}

function maskOne(name: string, value: unknown): unknown {
  return typeof value === "string" ? maskValue(name, value) : value;
}

/** The variable an RFC 6902 operation is about; `*`: all of them at once; undefined: none. */
function variableOfPatch(value: object): string | undefined {
  if (!("op" in value) || !("path" in value) || typeof value.path !== "string") return undefined;
  if (value.path === "/env") return "*";
  if (!value.path.startsWith("/env/")) return undefined;
  return value.path.slice("/env/".length).replaceAll("~1", "/").replaceAll("~0", "~");
}
