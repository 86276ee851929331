import type { Notice } from "../desired.ts";
import type { Issue, Position } from "../errors.ts";
import type { ManifestProject } from "../manifest.ts";
import { nearestOf } from "../source.ts";
import type { LocatedDevcontainer } from "./located.ts";

/** A value and where it was asked for: `file:line`, or `IMAGE_METADATA`. */
export type From<Value> = { value: Value; from: string };

/** The place of what the image says about its containers. */
export const IMAGE_METADATA = "image metadata";

/** The place of what nobody asked for. */
export const DEFAULT_PLACE = "default";

/** Something wrong, for the person who can mend it. */
export type Problem = { code: string; message: string; expected?: string; suggestion?: string };

/** What is to be said about one project's devcontainer.json while it is resolved. */
export type Notes = {
  readonly notices: Notice[];
  readonly issues: Issue[];
  /** `file:line` of a value of the file, by its path; of what is around it when it has no place of its own. */
  placeOf(path: string): string;
  notice(code: string, message: string, hint?: string): void;
  /** Something that was asked for beyond the profile. `hint`: the line of devc.yaml that gives it, or why there is none. */
  notGranted(what: string, from: string, hint: string): void;
  /**
   * Something that cannot be applied: an issue where a file can be mended, and a notice where the image says it, because then
   * nothing in the project can.
   */
  problem(from: string, problem: Problem): void;
};

/** Begins the notes on one project. */
export function createNotes({ name, profile }: ManifestProject, located: LocatedDevcontainer): Notes {
  const notices: Notice[] = [];
  const issues: Issue[] = [];
  const notice: Notes["notice"] = (code, message, hint) =>
    void notices.push({ code, project: name, message, ...(hint === undefined ? {} : { hint }) });
  return {
    notices,
    issues,
    placeOf: (path) => nearestOf(located.places, path) ?? located.display,
    notice,
    notGranted: (what, from, hint) =>
      notice("not-granted", `asked, not granted by profile ${profile}: ${what} (${from})`, hint),
    problem(from, problem) {
      if (from === IMAGE_METADATA) notice("image-metadata", `image metadata: ${problem.message}; it is left out`);
      else issues.push({ ...problem, position: positionOf(from === DEFAULT_PLACE ? located.display : from) });
    },
  };
}

/** `places` hold lines only. */
function positionOf(place: string): Position {
  const [, file = place, line = "1"] = /^(.*):(\d+)$/.exec(place) ?? [];
  return { file, line: Number(line), column: 1 };
}
