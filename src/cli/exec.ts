import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { usage } from "./options.ts";
import { prepareEntry } from "./remote.ts";
import { enter, findSandbox, onTerminal, variablesOf } from "./sandbox.ts";

export const options = {
  ...COMMON,
  "no-tty": { type: "boolean", short: "T" },
  "no-stdin": { type: "boolean", short: "n" },
  user: { type: "string", short: "u" },
  workdir: { type: "string", short: "w" },
  env: { type: "string", short: "e", multiple: true },
} as const satisfies OptionTable;

export const operands: OperandSpec = {
  usage: "[PROJECT] [--] COMMAND…",
  min: 1,
  max: Number.POSITIVE_INFINITY,
  rawFrom: 2,
};

/** Signals belong to the program inside. */
export const ownsSignals = true;

export const help = `Usage: devc exec [OPTIONS] [PROJECT] [--] COMMAND…

Runs a command in a running sandbox, with this terminal or these pipes, and ends with its exit code.
PROJECT may be left out (then '--' is needed) when the workspace has one project, or inside a project's folder.
With a devcontainer.json the command runs as its remoteUser, in its workspaceFolder, with remoteEnv and what the user's
shell sets (userEnvProbe), once its lifecycle commands have come as far as waitFor says.

  -T, --no-tty             no terminal for the command, even if there is one here
  -n, --no-stdin           no input and no terminal for the command: for loops and background jobs
  -u, --user USER          as this user: name, id, or user:group
  -w, --workdir DIR        in this folder of the sandbox
  -e, --env NAME[=VALUE]   with this variable; without VALUE the one it has here; may be repeated

Without a terminal standard output and error stay apart, and SIGINT, SIGTERM and SIGHUP are sent to the command.
The command's processes carry DEVC_EXEC in their environment.

${COMMON_HELP}
Examples:
  devc exec web npm test
  devc exec web -- ls -la
  devc exec -u root web -- apt-get update
  tar c src | devc exec web -- tar x -C /tmp
  cd apps/web && devc exec -- npm run dev

Exit codes: those of the command; 126 and 127 when it cannot be run; without a command those of 'devc --help'.
`;

/** Runs a command in the sandbox of a project and gives its exit status. */
export async function run(
  context: Context,
  { operands: words, rest, options: given }: Input<typeof options>,
): Promise<number> {
  const [project, ...inline] = words;
  const command = [...inline, ...(rest ?? [])];
  if (command.length === 0) throw usage(`which command? A shell: devc attach ${project ?? ""}`.trim(), "exec");
  const env = variablesOf(context, given.env);
  const sandbox = await findSandbox(context, given.file, project);
  const { entry } = await prepareEntry(context, sandbox, { user: given.user, workdir: given.workdir, env });
  return enter(context, sandbox, {
    command,
    ...entry,
    tty: !given["no-tty"] && !given["no-stdin"] && onTerminal(context),
    stdin: !given["no-stdin"],
  });
}
