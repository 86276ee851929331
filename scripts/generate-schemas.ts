import { readFileSync, writeFileSync } from "node:fs";

import * as z from "zod";

import { customizationsSchema, manifestSchema } from "../src/model/manifest-schema.ts";
import { DOCUMENTS } from "../src/report/documents/schemas.ts";

/** Published JSON Schemas by the file they are written to, relative to the top of the tree. */
const SCHEMAS: Record<string, z.ZodType> = {
  "devc.schema.json": manifestSchema,
  "schemas/customizations.devc.schema.json": customizationsSchema,
  ...Object.fromEntries(Object.entries(DOCUMENTS).map(([name, schema]) => [`schemas/${name}.schema.json`, schema])),
};

const top = new URL("../", import.meta.url);

/** The text of a schema file: what may be written, not what it becomes. */
function textOf(schema: z.ZodType): string {
  return `${JSON.stringify(z.toJSONSchema(schema, { io: "input", target: "draft-2020-12" }), null, 2)}\n`;
}

function currentText(file: string): string | undefined {
  try {
    return readFileSync(new URL(file, top), "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Writes the schemas that changed, or with `--check` only names them; the exit status is 1 when one was stale. */
function main(check: boolean): void {
  const stale = Object.entries(SCHEMAS).filter(([file, schema]) => currentText(file) !== textOf(schema));
  for (const [file, schema] of stale) {
    if (!check) writeFileSync(new URL(file, top), textOf(schema));
    process.stderr.write(check ? `${file} is stale: run npx tsx scripts/generate-schemas.ts\n` : `wrote ${file}\n`);
  }
  if (check && stale.length > 0) process.exitCode = 1;
}

main(process.argv.includes("--check"));
