import type { IncomingMessage } from "node:http";

import { DevcError } from "../../model/errors.ts";
import { atLeast, readProfile } from "./profile.ts";
import type { Profile } from "./profile.ts";
import type { ProfileCache } from "./profile-cache.ts";
import type { Call, Transport } from "./transport.ts";

/** A request whose path has no API version yet. */
export type ApiCall = Call & {
  /** Which API the path belongs to: Docker's (default) or Podman's own. */
  api?: "docker" | "libpod";
};

/** An engine whose profile is known when it is needed, and asked for at most once per run. */
export type Session = {
  readonly transport: Transport;
  profile(options?: { fresh?: boolean }): Promise<Profile>;
  /** As `Transport.json`, below the negotiated API version. */
  json<T>(call: ApiCall): Promise<T>;
  /** As `Transport.send`, below the negotiated API version. */
  send(call: ApiCall): Promise<IncomingMessage>;
  /** The path below the negotiated API version. */
  pathOf(call: Pick<ApiCall, "api" | "path">): Promise<string>;
  /** Forgets what the engine said of itself: it has changed behind the endpoint. */
  forget(): void;
};

/** Starts a session. Nothing is sent until something is asked. */
export function createSession(transport: Transport, cache: ProfileCache): Session {
  let known: Promise<Profile> | undefined;

  const ask = async (): Promise<Profile> => {
    const profile = await readProfile(transport);
    cache.write(profile);
    return profile;
  };
  const start = (fresh: boolean): Promise<Profile> => {
    const cached = fresh ? undefined : cache.read();
    const pending = cached ? Promise.resolve(cached) : ask();
    // A failure must not stand for the engine when it is there again.
    pending.catch(() => (known = undefined));
    return (known = pending);
  };
  const profile: Session["profile"] = ({ fresh = false } = {}) => (fresh ? start(true) : (known ?? start(false)));
  const forget = () => {
    known = undefined;
    cache.drop();
  };
  const pathOf: Session["pathOf"] = async ({ api = "docker", path }) => {
    const { facts, podman } = await profile();
    return api === "docker" ? `/v${facts.apiVersion}${path}` : `/v${podman?.libpod ?? ""}/libpod${path}`;
  };
  const versioned = async <T>(call: ApiCall, work: (call: Call) => Promise<T>): Promise<T> => {
    const attempt = async () => work({ ...call, path: await pathOf(call) });
    try {
      return await attempt();
    } catch (error) {
      if (!isVersionMismatch(error)) throw error;
      forget();
      return attempt();
    }
  };
  return {
    transport,
    profile,
    json: (call) => versioned(call, (ready) => transport.json(ready)),
    send: (call) => versioned(call, (ready) => transport.send(ready)),
    pathOf,
    forget,
  };
}

/** Docker refuses a version in the path before it looks at the request, so the request can be sent again. */
function isVersionMismatch(error: unknown): boolean {
  return (
    error instanceof DevcError &&
    error.code === "engine-rejected" &&
    /client version .* is too (new|old)/.test(error.message)
  );
}

/** Whether the engine is a Podman of at least this version of libpod. */
export function isPodman({ podman }: Profile, since = "0"): boolean {
  return podman !== undefined && atLeast(podman.libpod, since);
}
