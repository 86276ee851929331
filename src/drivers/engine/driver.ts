import type { LoadDockerode } from "./dockerode.ts";
import type { Session } from "./session.ts";

/** Time, passed in so that tests decide it. */
export type DriverClock = {
  /** Milliseconds since the epoch. */
  now(): number;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
};

/** What every part of the driver works with. */
export type Driver = { session: Session; dockerode: LoadDockerode; clock: DriverClock };
