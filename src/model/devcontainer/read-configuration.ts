import { posix } from "node:path";

import type { ImageFacts } from "../image-facts.ts";
import type { DevcontainerConfig } from "./config.ts";
import { DEVCONTAINER_LABEL } from "./labels.ts";
import type { LocatedDevcontainer } from "./located.ts";
import { mergeMetadata } from "./merge-metadata.ts";
import type { MergedDevcontainer } from "./merge-metadata.ts";
import { metadataEntryOf, parseMetadata } from "./metadata.ts";
import { substitute } from "./variables.ts";
import { workspaceFolder, workspaceMountText } from "./workspace.ts";

/** A file as the reference implementation writes one into JSON. */
type FileUri = { $mid: 1; fsPath: string; path: string; scheme: "vscode-fileHost" | "file" };

/** What `devcontainer read-configuration --include-merged-configuration` prints when there is no container. */
export type ConfigurationDocument = {
  configuration: DevcontainerConfig & { configFilePath: FileUri };
  workspace: { workspaceFolder: string; workspaceMount?: string };
  mergedConfiguration: MergedDevcontainer;
};

/**
 * A devcontainer.json as other tools read it: variables of the host and of folders put in (those of a container stand as
 * written), and merged with the metadata of its image, or of the one its Dockerfile starts from when there is only one.
 * What a profile does not grant stands in it all the same.
 * @param images local images by reference; what is not there has no metadata
 */
export function readConfiguration(
  located: LocatedDevcontainer,
  images: Readonly<Record<string, ImageFacts | null>>,
  localEnv: Readonly<Record<string, string | undefined>>,
): ConfigurationDocument {
  const variables = {
    localEnv,
    localWorkspaceFolder: located.folder,
    containerWorkspaceFolder: workspaceFolder(located),
  };
  const configuration = { ...substitute(located.raw, variables), configFilePath: fileUri(located) };
  const { entries } = parseMetadata(metadataSource(located, images)?.labels[DEVCONTAINER_LABEL.metadata]);
  const mount = workspaceMountText(located);
  return {
    configuration,
    workspace: {
      workspaceFolder: substitute(workspaceFolder(located), variables),
      ...(mount === undefined ? {} : { workspaceMount: substitute(mount, variables) }),
    },
    mergedConfiguration: mergeMetadata(configuration, [
      ...entries.map((entry) => substitute(entry, variables)),
      metadataEntryOf(configuration),
    ]),
  };
}

/** A file the reference implementation finds by itself has another scheme than one it is told with `--config`. */
function fileUri({ configPath: path, folder }: LocatedDevcontainer): FileUri {
  const found = [".devcontainer/devcontainer.json", ".devcontainer.json"].map((name) => posix.join(folder, name));
  return { $mid: 1, fsPath: path, path, scheme: found.includes(path) ? "vscode-fileHost" : "file" };
}

function metadataSource(
  { config, build }: LocatedDevcontainer,
  images: Readonly<Record<string, ImageFacts | null>>,
): ImageFacts | undefined {
  const [base, ...others] = build ? build.bases : [config.image ?? ""];
  if (base === undefined || others.length > 0 || !Object.hasOwn(images, base)) return undefined;
  return images[base] ?? undefined;
}
