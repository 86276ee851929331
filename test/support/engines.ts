import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** A real engine that tests may use. */
export type TestEngine = {
  /** `docker`, `podman`, `docker-current`, `podman-current`. */
  name: string;
  /** `unix://` address. */
  endpoint: string;
};

const SCRIPT = fileURLToPath(new URL("../../scripts/engines", import.meta.url));

/** The engines of `DEVC_TEST_ENGINES`, a list with commas; the two of this system's own packages when it is not set. */
export const testEngines: TestEngine[] = (process.env["DEVC_TEST_ENGINES"] ?? "docker,podman")
  .split(",")
  .map((name) => name.trim())
  .filter((name) => name !== "")
  .map((name) => ({ name, endpoint: endpointOf(name) }));

/**
 * The newest Docker and the oldest Podman of the whole run, as far as this worker has them: for scenarios that are about devc
 * rather than about engines, and whose builds take long. The contract and the driver tests run on all.
 */
export const representativeEngines: TestEngine[] = representatives(
  (process.env["DEVC_TEST_REPRESENTATIVES"] ?? "").split(","),
);

function representatives(names: string[]): TestEngine[] {
  const found = testEngines.filter(({ name }) => names.includes(name));
  return found.length > 0 ? found : testEngines;
}

function endpointOf(name: string): string {
  const variables = execFileSync(SCRIPT, ["env", name], { encoding: "utf8" });
  const endpoint = /^DEVC_ENGINE=(.+)$/m.exec(variables)?.[1];
  if (endpoint === undefined) throw new Error(`scripts/engines env ${name} names no DEVC_ENGINE: ${variables}`);
  return endpoint;
}
