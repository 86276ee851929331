import { describe } from "vitest";

import { buildCases, realBuildCases } from "./contract/builds.ts";
import { containerCases } from "./contract/containers.ts";
import { useContext } from "./contract/context.ts";
import { eventCases } from "./contract/events.ts";
import { execCases } from "./contract/exec.ts";
import { imageCases } from "./contract/images.ts";
import { networkCases } from "./contract/networks.ts";
import { effectCases, roundTripCases } from "./contract/round-trip.ts";
import type { ContractSubject } from "./contract/subject.ts";
import { updateCases } from "./contract/update.ts";
import { volumeCases } from "./contract/volumes.ts";

/** What the memory engine cannot show: effects inside a container, and steps of a build that run. */
const ONLY_REAL = [
  ["further settings", effectCases],
  ["builds that run", realBuildCases],
] as const;

/**
 * The promises of `Engine`, as cases that hold for every engine. `make` is called once; what the cases make on the engine
 * is removed after each of them, and `cleanup` is called at the end. `real`: processes run.
 */
export function describeEngineContract(
  name: string,
  make: () => Promise<ContractSubject>,
  { real }: { real: boolean },
): void {
  describe(`${name} keeps the engine contract`, { timeout: 60_000 }, () => {
    const context = useContext(make);
    describe("containers", () => containerCases(context));
    describe("round trip (invariant 12)", () => roundTripCases(context));
    describe("update in place", () => updateCases(context));
    describe("networks", () => networkCases(context));
    describe("volumes", () => volumeCases(context));
    describe("images", () => imageCases(context));
    describe("builds", () => buildCases(context));
    describe("exec", () => execCases(context));
    describe("events", () => eventCases(context));
    describe.each(real ? ONLY_REAL : [])("%s", { timeout: 240_000 }, (_title, cases) => cases(context));
  });
}
