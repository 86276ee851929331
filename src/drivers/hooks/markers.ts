import type { HookPhase } from "../../model/devcontainer/lifecycle.ts";
import type { Engine } from "../engine/engine.ts";
import { runScript } from "./inside.ts";
import type { RemoteUser } from "./remote-user.ts";

/** Phases whose success is noted in the container; `postAttach` runs at every attach. */
export type MarkedPhase = Exclude<HookPhase, "postAttach">;

/** Of which container and which start success is noted. */
export type Lifetime = {
  containerId: string;
  /** `Created` and `State.StartedAt` as the engine prints them. */
  createdText: string;
  startedText: string;
};

/** For images whose user has no home folder that can be written; made by root, one folder per user. */
const SYSTEM_FOLDER = "/var/devcontainer";

const PHASES: readonly MarkedPhase[] = ["onCreate", "updateContent", "postCreate", "postStart"];

/** Prints the first line of each file, empty for those that cannot be read. */
const READ_SCRIPT = `
for file; do
  text=
  IFS= read -r text 2>/dev/null <"$file" || :
  printf '%s\\n' "$text"
done
`;

/** Writes `$1` into each file, at once or not at all; fails when one could not be written. */
const WRITE_SCRIPT = `
text=$1 failed=0; shift
for file; do
  mkdir -p "\${file%/*}" && printf '%s\\n' "$text" >"$file.devc" && mv -f "$file.devc" "$file" || failed=1
done
exit $failed
`;

/**
 * Phases that have succeeded for this container, or for `postStart` since this start of it. A marker holds the time the
 * container was created or started, as the reference CLI writes it (injectHeadless.ts `runPostCreateCommand`,
 * `runPostStartCommand`); any other text is of another container that had the same home volume, or of an interrupted write.
 */
export async function succeededPhases(engine: Engine, lifetime: Lifetime, user: RemoteUser): Promise<Set<MarkedPhase>> {
  const folders = [homeFolder(user), systemFolder(user)];
  const words = PHASES.flatMap((phase) => folders.map((folder) => markerFile(folder, phase)));
  // Not as root, who without its capabilities may not look into the private folder of somebody else.
  const run = { script: READ_SCRIPT, words, user: user.name };
  const { stdout } = await runScript(engine, lifetime.containerId, run);
  const lines = stdout.split("\n");
  const done = PHASES.filter((phase, at) => {
    const found = lines.slice(at * folders.length, (at + 1) * folders.length);
    return found.includes(markerText(lifetime, phase));
  });
  return new Set(done);
}

/**
 * Notes that a phase has succeeded, so that neither devc nor the reference CLI nor VS Code runs it again: in
 * `~/.devcontainer` for the CLI, and under the same name in the folder where VS Code keeps its own (that VS Code heeds it was
 * reported by its users and is not documented).
 * @returns whether devc will find the marker
 */
export async function noteSuccess(
  engine: Engine,
  lifetime: Lifetime,
  user: RemoteUser,
  phase: MarkedPhase,
): Promise<boolean> {
  const text = markerText(lifetime, phase);
  const write = async (as: string | undefined, ...files: string[]): Promise<boolean> => {
    const run = { script: WRITE_SCRIPT, words: [text, ...files], user: as };
    return (await runScript(engine, lifetime.containerId, run)).status === 0;
  };
  await write(user.name, markerFile(`${user.home}/.vscode-server/data/Machine`, phase));
  if (await write(user.name, markerFile(homeFolder(user), phase))) return true;
  return write("0", markerFile(systemFolder(user), phase));
}

function markerText({ createdText, startedText }: Lifetime, phase: MarkedPhase): string {
  return phase === "postStart" ? startedText : createdText;
}

function markerFile(folder: string, phase: MarkedPhase): string {
  return `${folder}/.${phase}CommandMarker`;
}

function homeFolder({ home }: RemoteUser): string {
  return `${home.replace(/\/+$/, "")}/.devcontainer`;
}

function systemFolder({ uid }: RemoteUser): string {
  return `${SYSTEM_FOLDER}/devc-${uid}`;
}
