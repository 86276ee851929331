import { DevcError } from "../model/errors.ts";
import { needsApproval } from "../model/posture.ts";
import type { Outcome, ResourceResult } from "./events.ts";
import type { Change, Plan } from "./plan-types.ts";

/**
 * One plan and how it ended. What an image says decides what its sandbox will be, so an apply that brings images plans again
 * for the sandboxes that wait for them.
 */
export type Round = { plan: Plan; outcome: Outcome };

/** Most rounds one apply may take: a base image, the layer on it, the sandbox, and one for an image that moved meanwhile. */
export const MAX_ROUNDS = 4;

/** Projects whose image came in a round and whose sandbox is to be planned now, sorted. */
export function readyProjects({ plan, outcome }: Round): string[] {
  const left = new Set(outcome.resources.map(({ address }) => address));
  return plan.changes
    .filter(({ awaitsImage, guards, address }) => awaitsImage && guards.length === 0 && !left.has(address))
    .map(({ project }) => project)
    .toSorted();
}

/** Whether a later plan loosens nothing that an earlier one, which the person let pass, did not loosen for the same sandbox. */
export function loosensNoMore(later: Plan, earlier: Plan): boolean {
  const loosened = ({ changes }: Plan): string[] =>
    changes
      .filter(({ security }) => needsApproval(security))
      .flatMap(({ address, security }) =>
        security
          .filter(({ direction }) => direction === "loosens")
          .map(({ path, what }) => `${address} ${path} ${what}`),
      );
  const approved = new Set(loosened(earlier));
  return loosened(later).every((one) => approved.has(one));
}

/**
 * Several rounds as one: of each resource the change that was made last and how it ended. What was planned is what the first
 * round said.
 */
export function mergeRounds(rounds: Round[], durationMs: number): Round {
  const [first] = rounds;
  if (!first) throw new Error("internal: an apply without a round");
  const changes = new Map<string, Change>();
  const results = new Map<string, ResourceResult>();
  for (const { plan, outcome } of rounds) {
    for (const change of plan.changes) {
      const known = changes.get(change.address);
      if (known === undefined || known.awaitsImage || change.ops.length > 0) changes.set(change.address, change);
    }
    for (const result of outcome.resources) results.set(result.address, result);
  }
  const sorted = <Item extends { address: string }>(items: Iterable<Item>): Item[] =>
    [...items].toSorted((a, b) => (a.address < b.address ? -1 : 1));
  const outcome = {
    resources: sorted(results.values()),
    interrupted: rounds.some((round) => round.outcome.interrupted),
    planned: first.outcome.planned,
    durationMs,
  };
  return { plan: { ...first.plan, changes: sorted(changes.values()) }, outcome };
}

/** The error about an apply whose images never came to rest. */
export function tooManyRounds(projects: string[]): DevcError {
  return new DevcError(
    "internal",
    `after ${MAX_ROUNDS} rounds these projects still wait for an image: ${projects.join(", ")}`,
  );
}
