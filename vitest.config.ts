import { defineConfig } from "vitest/config";

/** Tests that use real engines: every folder below takes the engines from DEVC_TEST_ENGINES. */
const ENGINE_TESTS = [
  "test/engines/real-*.test.ts",
  "test/scenarios/**/*.test.ts",
  "test/interop/**/*.test.ts",
  "test/**/*.engine.test.ts",
];

const ENGINES = (process.env["DEVC_TEST_ENGINES"] ?? "docker,podman").split(",");

/**
 * An engine is one shared machine: its tests run one file after the other, after everything that needs the CPU. Two groups of
 * engines have nothing in common; `scripts/test` runs them side by side, each in a vitest of its own.
 */
const HALF = Math.ceil(ENGINES.length / 2);
/** Stops an engine of its own, the first of the list. */
const FIRST_GROUP = ["test/scenarios/restart.test.ts"];
/** Only reads, which is the same on all engines. */
const LAST_GROUP = ["test/interop/differential.test.ts"];
/** The reference CLI drives Docker's command line. */
const DOCKER_ONLY = ["test/interop/**/*.test.ts"];
const GROUPS = ENGINES.length > 2 ? [ENGINES.slice(0, HALF), ENGINES.slice(HALF)] : [ENGINES];
/** See `representativeEngines` in test/support/engines.ts. */
const REPRESENTATIVES = [
  ["docker-current", "docker"],
  ["podman", "podman-current"],
].flatMap((names) => names.find((name) => ENGINES.includes(name)) ?? []);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: ENGINE_TESTS,
          testTimeout: 60_000,
          hookTimeout: 60_000,
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      ...GROUPS.map((engines, group) => ({
        test: {
          name: group === 0 ? "engines" : "further-engines",
          include: ENGINE_TESTS,
          exclude: [
            ...(group === 0 ? [] : FIRST_GROUP),
            ...(group === GROUPS.length - 1 ? [] : LAST_GROUP),
            ...(engines.some((engine) => engine.startsWith("docker")) ? [] : DOCKER_ONLY),
          ],
          env: { DEVC_TEST_ENGINES: engines.join(","), DEVC_TEST_REPRESENTATIVES: REPRESENTATIVES.join(",") },
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      })),
    ],
    passWithNoTests: false,
  },
});
