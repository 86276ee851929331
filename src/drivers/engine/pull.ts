import { DevcError } from "../../model/errors.ts";
import type { ErrorCode } from "../../model/errors.ts";
import type { Driver } from "./driver.ts";
import type { PullOptions, PullProgress } from "./engine.ts";
import { connectionError } from "./errors.ts";
import { jsonLines } from "./json-lines.ts";
import { registryAuth, registryOf, usesCredentialHelper } from "./registry-auth.ts";

/** A line of POST /images/create. */
type PullLine = {
  status?: string;
  /** Short ID of the layer concerned. */
  id?: string;
  progressDetail?: { current?: number; total?: number } | null;
  error?: string;
  errorDetail?: { message?: string } | null;
};

/** What a registry's or engine's words mean. The first match wins. */
const MEANINGS: [RegExp, ErrorCode, "absent" | "denied" | "unreachable"][] = [
  [/unauthorized|denied|authentication required|no basic auth/i, "image-not-found", "denied"],
  [
    /manifest unknown|not found|no such image|does not exist|name unknown|invalid reference/i,
    "image-not-found",
    "absent",
  ],
  [
    /dial tcp|connection refused|no such host|timeout|tls|x509|EOF|unreachable|server gave HTTP/i,
    "engine-error",
    "unreachable",
  ],
];

/**
 * Pulls an image: POST /images/create, whose answer is a stream of progress. A reference without tag means `latest`:
 * without one the engine would pull every tag.
 * @param config text of Docker's `config.json`, for the login
 */
export async function pullImage(
  driver: Driver,
  reference: string,
  config: string | undefined,
  options: PullOptions,
): Promise<void> {
  const { session, dockerode } = driver;
  const { onProgress, signal } = options;
  const purpose = { what: `pull ${reference}`, subject: reference };
  const auth = registryAuth(config, reference);
  const progress = createProgress();
  const stopped = (error: unknown): never => {
    if (!signal?.aborted) throw connectionError(session.transport.endpoint, purpose, error);
    throw new DevcError("interrupted", `pulling ${reference} was stopped`, { subject: reference, cause: error });
  };
  const refused = (error: unknown): never => {
    const byEngine = error instanceof DevcError && error.code !== "engine-unreachable" && error.code !== "interrupted";
    if (!byEngine) return stopped(error);
    throw pullError(reference, error.message, config);
  };
  const docker = await dockerode(purpose);
  const query = { _query: { fromImage: withTag(reference) }, ...(signal ? { abortSignal: signal } : {}) };
  const stream = await docker.createImage(auth === undefined ? {} : { base64: auth }, query).catch(refused);
  try {
    for await (const value of jsonLines(stream)) {
      const line = value as PullLine;
      const words = line.errorDetail?.message ?? line.error;
      if (words) throw pullError(reference, words, config);
      onProgress(progress(line));
    }
  } catch (error) {
    stopped(error);
  }
}

/** The reference with `:latest` when it has neither tag nor digest. A colon before a slash is a port. */
export function withTag(reference: string): string {
  const last = reference.slice(reference.lastIndexOf("/") + 1);
  return last.includes(":") || reference.includes("@") ? reference : `${reference}:latest`;
}

function pullError(reference: string, words: string, config: string | undefined): DevcError {
  const registry = registryOf(reference);
  const [, code, reason] = MEANINGS.find(([pattern]) => pattern.test(words)) ?? [
    /$/,
    "engine-error" as const,
    undefined,
  ];
  const helper = usesCredentialHelper(config, reference);
  const hints = {
    absent: "check the reference, or make the image locally under that name",
    denied: helper
      ? `devc runs no credential helpers: pull ${reference} with the engine's own client, or store the login in config.json`
      : `log in to ${registry} with: docker login ${registry}`,
    unreachable: `the engine, not devc, connects to ${registry}: check its network and proxy settings`,
  };
  const what =
    reason === "unreachable" ? `cannot be pulled: its registry ${registry} cannot be reached` : "cannot be pulled";
  return new DevcError(code, `${reference} ${what}`, {
    subject: reference,
    details: [words],
    ...(reason ? { hint: hints[reason] } : {}),
  });
}

/** Sums bytes over layers. Only downloads count: what is unpacked was downloaded before. */
function createProgress(): (line: PullLine) => PullProgress {
  const layers = new Map<string, { current: number; total: number }>();
  return ({ status = "", id, progressDetail }) => {
    if (id !== undefined) {
      const layer = layers.get(id) ?? { current: 0, total: 0 };
      const { current, total } = progressDetail ?? {};
      if (status === "Downloading" && current !== undefined) {
        layers.set(id, { current, total: Math.max(total ?? 0, layer.total, current) });
      } else if (/complete|exists/i.test(status)) {
        layers.set(id, { current: layer.total, total: layer.total });
      }
    }
    const sum = (member: "current" | "total") => [...layers.values()].reduce((all, layer) => all + layer[member], 0);
    return { status: id === undefined ? status : `${id}: ${status}`, current: sum("current"), total: sum("total") };
  };
}
