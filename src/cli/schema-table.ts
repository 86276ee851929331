import { z } from "zod";

import { customizationsSchema, manifestSchema } from "../model/manifest-schema.ts";
import { documentSchema, DOCUMENTS } from "../report/documents/schemas.ts";
import type { DocumentName } from "../report/documents/schemas.ts";

/** Every schema that `devc schema` prints, by name. */
export const SCHEMAS: Record<string, () => object> = {
  manifest: () => z.toJSONSchema(manifestSchema, { io: "input" }),
  customizations: () => z.toJSONSchema(customizationsSchema, { io: "input" }),
  ...Object.fromEntries(Object.keys(DOCUMENTS).map((name) => [name, () => documentSchema(name as DocumentName)])),
};
