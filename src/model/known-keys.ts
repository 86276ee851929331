import type * as z from "zod";

import type { ValuePath } from "./source.ts";

/** The parts of a schema this walk reads; zod keeps them in `def`. */
type Definition = {
  type: string;
  shape?: Record<string, z.core.$ZodType>;
  innerType?: z.core.$ZodType;
  valueType?: z.core.$ZodType;
  element?: z.core.$ZodType;
  options?: z.core.$ZodType[];
};

/**
 * The keys a schema knows for the map at a path, in the order in which they are declared.
 * @param members what the map holds: among alternatives (the types of a mount) the one it names decides
 */
export function knownKeys(schema: z.core.$ZodType, path: ValuePath, members: Record<string, unknown>): string[] {
  const [step, ...rest] = path;
  const { type, shape, innerType, valueType, element, options } = schema._zod.def as unknown as Definition;
  if (innerType) return knownKeys(innerType, path, members);
  if (type === "union") {
    const fitting = (options ?? []).filter((option) => path.length > 0 || fits(option, members));
    return fitting.flatMap((option) => knownKeys(option, path, members));
  }
  if (step === undefined) return Object.keys(shape ?? {});
  const next = valueType ?? element ?? shape?.[step as string];
  return next ? knownKeys(next, rest, members) : [];
}

/** Whether the literal members of an alternative, such as `type`, are what the map holds. */
function fits(option: z.core.$ZodType, members: Record<string, unknown>): boolean {
  const { shape } = option._zod.def as unknown as Definition;
  return Object.entries(shape ?? {}).every(([key, member]) => {
    const { type, values } = member._zod.def as unknown as { type: string; values?: unknown[] };
    return type !== "literal" || values?.includes(members[key]) === true;
  });
}
