import type { ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { expect } from "vitest";
import { z } from "zod";

/** Compiling costs far more than checking. */
const compiled = new Map<z.ZodType, ValidateFunction>();

/**
 * Expects a document to match its schema exactly: members that the schema does not know are failures here, although the
 * published schema allows them.
 */
export function expectDocument(schema: z.ZodType, document: unknown): void {
  const validate = compiled.get(schema) ?? compile(schema);
  validate(JSON.parse(JSON.stringify(document)));
  expect(validate.errors ?? []).toEqual([]);
}

function compile(schema: z.ZodType): ValidateFunction {
  const strict = z.toJSONSchema(schema, { io: "output" });
  const validate = new Ajv2020({ strict: false, validateFormats: false }).compile(strict);
  compiled.set(schema, validate);
  return validate;
}
