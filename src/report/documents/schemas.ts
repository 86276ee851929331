import { z } from "zod";

import { configDocument, validateDocument } from "./config.ts";
import { errorDocument } from "./error.ts";
import { eventLine } from "./events.ts";
import { logsDocument } from "./logs.ts";
import { planDocument } from "./plan.ts";
import { savedPlanDocument } from "./saved-plan.ts";
import { statusDocument } from "./status.ts";

/** Everything devc prints or writes as JSON, by the name `devc schema` knows; published as `schemas/NAME.schema.json`. */
export const DOCUMENTS = {
  plan: planDocument,
  events: eventLine,
  status: statusDocument,
  logs: logsDocument,
  config: configDocument,
  validate: validateDocument,
  error: errorDocument,
  "saved-plan": savedPlanDocument,
} as const satisfies Record<string, z.ZodType>;

/** Name of a document. */
export type DocumentName = keyof typeof DOCUMENTS;

/**
 * JSON Schema (draft 2020-12) of a document. Members that are not in it are allowed: a later version of devc may add some
 * without a new format number.
 */
export function documentSchema(name: DocumentName): object {
  return z.toJSONSchema(DOCUMENTS[name], { io: "input" });
}
