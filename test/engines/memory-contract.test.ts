import { createMemoryEngine } from "../../src/drivers/engine/memory/memory-engine.ts";
import { memoryShell } from "../support/memory-shell.ts";
import { describeEngineContract } from "./contract.ts";
import type { ContractSubject } from "./contract/subject.ts";

const FOLDER = "/srv/contract";

for (const podman of [false, true]) {
  describeEngineContract(
    `the memory engine with ${podman ? "Podman's" : "Docker's"} rules`,
    async () => {
      const engine = createMemoryEngine({
        clock: Date,
        images: { "debian:bookworm-slim": {} },
        hostPaths: [FOLDER],
        rules: { stoppedHoldNetworks: podman, bindsNetworksOnStart: !podman },
        ...memoryShell,
      });
      const outOfBand: ContractSubject["outOfBand"] = {
        pause: async (id) => engine.hands.pause(id),
        kill: async (id) => engine.hands.kill(id),
        async makeImage(_from, name, changes) {
          engine.hands.image(`localhost/${name}:latest`, changes);
          return `localhost/${name}:latest`;
        },
        removeImage: async (reference) => engine.hands.removeImage(reference, { withData: true }),
      };
      const cleanup = async (): Promise<void> => {};
      return { engine, image: "debian:bookworm-slim", outOfBand, folder: FOLDER, real: false, cleanup };
    },
    { real: false },
  );
}
