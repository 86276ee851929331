import { LOGIN_SHELL_COMMAND } from "../drivers/terminal/login-shell.ts";
import { DevcError } from "../model/errors.ts";
import { runAttachHooks } from "./attach-hooks.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { prepareEntry } from "./remote.ts";
import { enter, findSandbox, onTerminal, variablesOf } from "./sandbox.ts";

export const options = {
  ...COMMON,
  user: { type: "string", short: "u" },
  env: { type: "string", short: "e", multiple: true },
} as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "[PROJECT]", min: 0, max: 1 };

/** Signals belong to the shell inside. */
export const ownsSignals = true;

export const help = `Usage: devc attach [OPTIONS] [PROJECT]

Opens a login shell in a running sandbox, in its working folder: $SHELL of the sandbox, the user's shell in its
/etc/passwd, bash, or sh. PROJECT may be left out when the workspace has one project, or inside a project's folder.
With a devcontainer.json the shell is its remoteUser's, in its workspaceFolder, with remoteEnv, once its lifecycle
commands have come as far as waitFor says. postAttachCommand runs first, also postStartCommand when the sandbox was
started by something else; they keep nobody out when they fail.

  -u, --user USER          as this user: name, id, or user:group
  -e, --env NAME[=VALUE]   with this variable; without VALUE the one it has here; may be repeated

${COMMON_HELP}
Examples:
  devc up web && devc attach web
  devc attach -u root web
`;

/** Opens a shell in the sandbox of a project and gives its exit status. */
export async function run(
  context: Context,
  { operands: words, rest, options: given }: Input<typeof options>,
): Promise<number> {
  const [project] = [...words, ...(rest ?? [])];
  if (!onTerminal(context)) {
    throw new DevcError("usage", "attach needs a terminal", { hint: `devc exec ${project ?? "PROJECT"} -- COMMAND` });
  }
  const env = variablesOf(context, given.env);
  const sandbox = await findSandbox(context, given.file, project);
  const { entry, remote, complete } = await prepareEntry(context, sandbox, { user: given.user, env });
  if (remote && complete) await runAttachHooks(context, sandbox, remote);
  else if (remote)
    context.reporter.message(`Not all commands of devcontainer.json have run: devc logs --hooks ${sandbox.project}`);
  return enter(context, sandbox, { command: LOGIN_SHELL_COMMAND, ...entry, tty: true });
}
