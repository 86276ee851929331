import { defineConfig } from "vitest/config";

/** Tests that use real engines: every folder below takes the engines from DEVC_TEST_ENGINES. */
const ENGINE_TESTS = ["test/engines/real-*.test.ts", "test/scenarios/**/*.test.ts", "test/**/*.engine.test.ts"];

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
      {
        test: {
          name: "engines",
          include: ENGINE_TESTS,
          // An engine is one shared machine: its tests run one file after the other, after everything that needs the CPU.
          fileParallelism: false,
          testTimeout: 300_000,
          hookTimeout: 300_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
    passWithNoTests: false,
  },
});
