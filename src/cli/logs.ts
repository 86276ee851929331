import { readHookLog } from "../drivers/hooks/hook-log.ts";
import { DevcError } from "../model/errors.ts";
import type { LogsDocument } from "../report/documents/logs.ts";
import { logsText } from "../report/logs-text.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { findProject, nameProject } from "./sandbox.ts";
import type { NamedProject } from "./sandbox.ts";

export const options = {
  ...COMMON,
  hooks: { type: "boolean" },
  tail: { type: "integer", short: "n" },
} as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "[PROJECT]", min: 0, max: 1 };

export const help = `Usage: devc logs [OPTIONS] [PROJECT]

Prints what the first process of a sandbox printed, also of one that has stopped. With --hooks what the commands of its
devcontainer.json printed when they ran last; that is kept on this machine, up to 10 MiB for a project.
PROJECT may be left out when the workspace has one project, or inside a project's folder.

      --hooks       the commands of devcontainer.json: onCreateCommand, postCreateCommand, …
  -n, --tail N      only the last N lines; default: 1000 of a sandbox, all of the commands

${COMMON_HELP}
Examples:
  devc logs web
  devc logs --hooks web
  devc logs --hooks web --json | jq -r '.lines[]'
`;

/** Engines keep logs of any length, and a log is read whole before it is printed. */
const DEFAULT_TAIL = 1000;

/** Prints a log. */
export async function run(
  context: Context,
  { operands: words, rest, options: given }: Input<typeof options>,
): Promise<number> {
  const { reporter, version } = context;
  const [named] = [...words, ...(rest ?? [])];
  const read = given.hooks ? readHooks : readContainer;
  const { workspace, project, lines } = await read(context, given.file, named, given.tail);
  const document: LogsDocument = {
    format: "devc.logs/1",
    devc: version,
    workspace: workspace.manifest.workspace,
    project,
    source: given.hooks ? "hooks" : "container",
    lines,
  };
  reporter.result(logsText(lines));
  reporter.document(document);
  return 0;
}

type Read = (
  context: Context,
  file: string | undefined,
  named: string | undefined,
  tail: number | undefined,
) => Promise<NamedProject & { lines: string[] }>;

const readHooks: Read = async (context, file, named, tail) => {
  const found = await nameProject(context, file, named);
  const { workspace } = found.workspace.manifest;
  const lines = readHookLog({ stateDir: context.stateDir, workspace }, found.project);
  if (!lines)
    throw nothing(`no command of a devcontainer.json has printed anything for ${found.project}`, found.project);
  return { ...found, lines: tail === undefined ? lines : lines.slice(Math.max(0, lines.length - tail)) };
};

const readContainer: Read = async (context, file, named, tail = DEFAULT_TAIL) => {
  const { engine, container, ...found } = await findProject(context, file, named);
  if (!container) throw nothing(`project ${found.project} has no sandbox`, found.project);
  return { ...found, lines: await engine.logTail(container.id, tail) };
};

function nothing(message: string, project: string): DevcError {
  return new DevcError("not-found", message, { subject: project, hint: `devc up ${project}` });
}
