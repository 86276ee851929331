/** One place where two documents differ; a side that has nothing there is absent. */
export type Difference = { path: string; reference?: unknown; devc?: unknown };

/** A difference that is meant. */
export type Intended = {
  /** Segments of a path; `*` is any one, a last `**` any number. */
  at: string;
  reason: string;
  /** Narrows it to certain values. */
  when?: (difference: Difference) => boolean;
};

/** The members that are compared. */
const COMPARED = ["configuration", "workspace", "mergedConfiguration"];

/** Every intended difference between what the reference CLI and devc read. Each must occur in the corpus. */
export const INTENDED: Intended[] = [
  {
    at: "mergedConfiguration.hostRequirements.**",
    reason:
      "without any metadata the reference CLI takes the greatest of no numbers: -Infinity and null are no requirements",
    when: ({ reference, devc }) => devc === undefined && (reference === null || reference === "-Infinity"),
  },
  ...(["configuration", "mergedConfiguration"] as const).flatMap((document): Intended[] => [
    ...["dockerFile", "context"].map((old) => ({
      at: `${document}.${old}`,
      reason: `${document}: an old name is shown as what it stands for, build.${old.toLowerCase()}`,
      when: ({ devc }: Difference) => devc === undefined,
    })),
    ...["dockerfile", "context"].map((name) => ({
      at: `${document}.build.${name}`,
      reason: `${document}: build.${name} also has what is written under the old name`,
      when: ({ reference }: Difference) => reference === undefined,
    })),
  ]),
];

/** All places where the two documents differ, from leaf to leaf: empty lists and maps are leaves, the order of keys is none. */
export function differencesBetween(reference: unknown, devc: unknown): Difference[] {
  const [left, right] = [leavesOf(reference), leavesOf(devc)];
  return [...new Set([...left.keys(), ...right.keys()])].toSorted().flatMap((path) => {
    const [one, other] = [left.get(path), right.get(path)];
    if (JSON.stringify(one) === JSON.stringify(other)) return [];
    return [
      { path, ...(one === undefined ? {} : { reference: one }), ...(other === undefined ? {} : { devc: other }) },
    ];
  });
}

/** The reason of an intended difference. */
export function explain(difference: Difference): string | undefined {
  return INTENDED.find(({ at, when }) => matches(at, difference.path) && (when?.(difference) ?? true))?.reason;
}

function leavesOf(document: unknown): Map<string, unknown> {
  const leaves = new Map<string, unknown>();
  const visit = (value: unknown, path: string[]) => {
    const members = value !== null && typeof value === "object" ? Object.entries(value) : [];
    if (members.length === 0) leaves.set(path.join("."), value);
    for (const [key, member] of members) visit(member, [...path, key.replaceAll(".", "\\.")]);
  };
  for (const name of COMPARED) visit((document as Record<string, unknown>)[name], [name]);
  return leaves;
}

function matches(pattern: string, path: string): boolean {
  const expected = pattern.split(".");
  const actual = path.split(/(?<!\\)\./);
  const open = expected.at(-1) === "**";
  if (open) expected.pop();
  if (open ? actual.length < expected.length : actual.length !== expected.length) return false;
  return expected.every((segment, at) => segment === "*" || segment === actual[at]);
}
