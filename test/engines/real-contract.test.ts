import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";

import { connectEngine } from "../../src/drivers/engine/connect.ts";
import { testEngines } from "../support/engines.ts";
import { rawOutOfBand } from "../support/raw-api.ts";
import { describeEngineContract } from "./contract.ts";

for (const { name, endpoint } of testEngines) {
  describeEngineContract(
    name,
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), "devc-contract-"));
      const engine = connectEngine(endpoint, { cacheDir: path.join(folder, "cache") });
      return {
        engine,
        image: "debian:bookworm-slim",
        outOfBand: rawOutOfBand(endpoint),
        folder,
        real: true,
        cleanup: async () => {
          engine.close();
          await rm(folder, { recursive: true });
        },
      };
    },
    { real: true },
  );
}
