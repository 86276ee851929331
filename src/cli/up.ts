import { APPLYING_HELP } from "./apply.ts";
import { APPLYING, COMMON, COMMON_HELP, PLANNING } from "./common.ts";
import type { Context } from "./context.ts";
import { converge } from "./converge.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { requestOf } from "./request.ts";

export const options = { ...COMMON, ...PLANNING, ...APPLYING } as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "[PROJECT…]", min: 0, max: Number.POSITIVE_INFINITY };

export const help = `Usage: devc up [PROJECT…] [OPTIONS]

Applies devc.yaml for some projects, or for all: the same as 'devc apply -p PROJECT'.

  -p, --project NAME       one more project
${APPLYING_HELP}
      --refresh            inspect every container
      --prune-volumes      delete volumes that are no longer declared, with their data
      --allow-delete N     allow to delete up to N sandboxes at once

${COMMON_HELP}
Examples:
  devc up web && devc attach web
`;

/** `apply` for the named projects. */
export async function run(context: Context, input: Input<typeof options>): Promise<number> {
  const projects = [...input.operands, ...(input.rest ?? [])];
  return converge(context, input.options, { request: requestOf(input.options, { projects }) });
}
