import { join } from "node:path";

import type { DevcontainerConfig } from "../../model/devcontainer/config.ts";
import type { LocatedDevcontainer } from "../../model/devcontainer/located.ts";
import { substitute, variablesIn } from "../../model/devcontainer/variables.ts";
import type { DeclaredDevcontainer, Place } from "../../model/manifest.ts";
import { readImage } from "../../model/read-values.ts";
import { createRefusals } from "../../model/refused-paths.ts";
import { nearestOf, pathText } from "../../model/source.ts";
import type { IssueText, ValuePath } from "../../model/source.ts";
import type { FileBook } from "./file-book.ts";
import type { Files } from "./files.ts";
import { createGitRoots } from "./git-root.ts";
import { realHomeOf } from "./host-paths.ts";

/** What the host's side of a devcontainer.json is found out with. */
export type LocateContext = {
  fs: Files;
  env: Readonly<Record<string, string | undefined>>;
  platform: string;
  home: string;
  /** Absolute real path of the workspace's folder. */
  root: string;
  /** Whether a devc.yaml says where the workspace ends; otherwise the repository's root does. */
  hasManifest: boolean;
  book: FileBook;
  note(place: Place, issue: IssueText): void;
};

/**
 * Makes the function that finds out what a devcontainer.json means on this host: variables of the host put in, the repository
 * around its folder, to whom the folder belongs, and where host folders must end. Nothing of it is cached, because the
 * environment and the disk change without the file. Images built from a Dockerfile are described afterwards
 * (`describe-builds.ts`).
 */
export function createLocator(
  context: LocateContext,
): (devcontainer: DeclaredDevcontainer, folder: string) => LocatedDevcontainer {
  const { fs, env, platform, home, root, hasManifest, book } = context;
  const refused = createRefusals(realHomeOf(fs, home));
  const sameCase = (name: string) => (platform === "win32" ? name.toLowerCase() : name);
  const variables = new Set(Object.keys(env).map(sameCase));
  const isSet = (name: string) => variables.has(sameCase(name));
  const gitRootOf = createGitRoots(fs, (path) => refused(path) !== undefined);
  return (devcontainer, folder) => {
    const { raw, file, way, places, warnings, notGranted, hookTimeoutMs } = devcontainer;
    const display = book.displayOf(book.pathOf(file));
    const gitRoot = gitRootOf(folder);
    const owner = fs.stat(folder)?.owner;
    const config = substitute(raw, { localEnv: env, localWorkspaceFolder: folder, platform });
    checkImage(config, devcontainer, context);
    return {
      configPath: join(folder, way),
      display,
      folder,
      raw,
      config,
      places: Object.fromEntries(Object.entries(places).map(([value, [line]]) => [value, `${display}:${line}`])),
      warnings: [...warnings, ...unsetVariables(devcontainer, isSet)].map(({ code, message }) => {
        return { code, message: `${display}${message}` };
      }),
      ...(gitRoot === undefined ? {} : { gitRoot }),
      boundary: hasManifest ? root : (gitRoot ?? folder),
      ...(owner ? { owner } : {}),
      notGranted,
      hookTimeoutMs,
    };
  };
}

/** The place of a value in its file, or of the nearest thing around it that has one. */
export function placeIn({ file, places }: DeclaredDevcontainer, path: ValuePath): Place {
  return [file, ...(nearestOf(places, pathText(path)) ?? ([1, 1] as const))];
}

/** A reference may come to be through variables, so only here is it known. */
function checkImage({ build, image }: DevcontainerConfig, devcontainer: DeclaredDevcontainer, context: LocateContext) {
  if (build?.dockerfile !== undefined || image === undefined) return;
  const { issue } = readImage(image) as { issue?: IssueText };
  if (issue) context.note(placeIn(devcontainer, ["image"]), issue);
}

/** Texts that take a variable of the host's environment which is not set and has no default: they become empty, as in other tools. */
function unsetVariables(
  devcontainer: DeclaredDevcontainer,
  isSet: (name: string) => boolean,
): { code: string; message: string }[] {
  const { customizations: _ofTools, ...own } = devcontainer.raw;
  return textsIn(own, []).flatMap(({ path, text }) => {
    const unset = variablesIn(text).filter(({ name, rest: [variable, ...defaults] }) => {
      const isLocal = name === "localEnv" || name === "env";
      return isLocal && variable !== undefined && defaults.length === 0 && !isSet(variable);
    });
    return unset.map(({ rest: [variable] }) => ({
      code: "unset-variable",
      message: `:${placeIn(devcontainer, path)[1]}: ${pathText(path)} is made of ${variable}, which is not set here and counts as empty`,
    }));
  });
}

function textsIn(value: unknown, path: ValuePath): { path: ValuePath; text: string }[] {
  if (typeof value === "string") return value.includes("${") ? [{ path, text: value }] : [];
  if (Array.isArray(value)) return value.flatMap((item, index) => textsIn(item, [...path, index]));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value).flatMap(([key, member]) => textsIn(member, [...path, key]));
}
