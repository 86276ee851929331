import { compile } from "../../src/model/compile.ts";
import type { Surroundings } from "../../src/model/compile.ts";
import type { Desired, DesiredSandbox } from "../../src/model/desired.ts";
import type { DevcontainerConfig, MetadataEntry } from "../../src/model/devcontainer/config.ts";
import { DEFAULT_HOOK_TIMEOUT_MS } from "../../src/model/devcontainer/located.ts";
import type { LocatedDevcontainer } from "../../src/model/devcontainer/located.ts";
import { substitute } from "../../src/model/devcontainer/variables.ts";
import type { ImageFacts } from "../../src/model/image-facts.ts";
import { sha256 } from "../../src/model/json.ts";
import type { ManifestProject } from "../../src/model/manifest.ts";
import { builtInProfile } from "../../src/model/profiles.ts";
import type { Posture } from "../../src/model/profiles.ts";
import { DEVCONTAINER_LABEL } from "../../src/model/devcontainer/labels.ts";
import { imageFacts as bareImage } from "./workspace.ts";

/** The host's environment in these tests. */
export const LOCAL_ENV = { TOKEN: "s3cret", HOME: "/home/me" };

/**
 * A devcontainer.json of the project in `/srv/acme/web`, in the workspace `/srv/acme`. Its members stand on lines of their own,
 * from line 2 of `web.json`.
 */
export function located(raw: DevcontainerConfig, rest: Partial<LocatedDevcontainer> = {}): LocatedDevcontainer {
  const folder = "/srv/acme/web";
  return {
    configPath: `${folder}/.devcontainer/devcontainer.json`,
    display: "web.json",
    folder,
    raw: { image: "debian", ...raw },
    config: substitute({ image: "debian", ...raw }, { localEnv: LOCAL_ENV, localWorkspaceFolder: folder }),
    places: Object.fromEntries(Object.keys(raw).map((key, index) => [key, `web.json:${index + 2}`])),
    warnings: [],
    boundary: "/srv/acme",
    notGranted: [],
    hookTimeoutMs: DEFAULT_HOOK_TIMEOUT_MS,
    ...rest,
  };
}

/** The project `web` with a devcontainer.json. */
export function devcontainerProject(
  devcontainer: LocatedDevcontainer,
  profile = "moderate",
  rest: Partial<ManifestProject> = {},
): ManifestProject {
  return {
    name: "web",
    profile,
    posture: builtInProfile(profile) as Posture,
    image: "",
    state: "running",
    protect: false,
    env: {},
    volumes: [],
    mounts: {},
    devcontainer,
    ...rest,
  };
}

/** An image that is present. */
export function imageFacts(metadata: MetadataEntry[] = [], rest: Partial<ImageFacts> = {}): ImageFacts {
  const labels = metadata.length > 0 ? { [DEVCONTAINER_LABEL.metadata]: JSON.stringify(metadata) } : {};
  return { ...bareImage(`sha256:${"a".repeat(64)}`, labels), ...rest };
}

/** Where the image `debian` is present and every host path below `/srv` and `/data` leads to a folder. */
export function surroundings(rest: Partial<Surroundings> = {}): Surroundings {
  return {
    images: { debian: imageFacts() },
    localEnv: LOCAL_ENV,
    hide: placeholder,
    hostPath: (path) => (/^\/(srv|data)(\/|$)/.test(path) ? { real: path, kind: "directory" } : undefined),
    refused: (path) => (path.endsWith("docker.sock") ? "it leads to the container engine" : undefined),
    ...rest,
  };
}

/** What stands for a value of the host in these tests. */
export function placeholder(value: string): string {
  return `hosts:${sha256(value).slice(0, 32)}`;
}

/** An engine with more than any project asks for. */
export const ENGINE = { cpus: 64, memory: 2 ** 40, gpu: false };

/** What a test says besides the file. */
export type Given = {
  image?: MetadataEntry[];
  located?: Partial<LocatedDevcontainer>;
  project?: Partial<ManifestProject>;
  profile?: string;
  surroundings?: Partial<Surroundings>;
};

/** What a workspace of this one project compiles to. */
export function compiled(raw: DevcontainerConfig, given: Given = {}): Desired {
  const project = devcontainerProject(located(raw, given.located), given.profile ?? "permissive", given.project);
  const images = { debian: imageFacts(given.image) };
  const around = surroundings({ images, ...given.surroundings });
  return compile({ workspace: "acme", root: "/srv/acme", projects: [project] }, ENGINE, around);
}

/** Its sandbox. */
export function sandbox(raw: DevcontainerConfig, given: Given = {}): DesiredSandbox {
  return compiled(raw, given).resources.find(({ kind }) => kind === "sandbox") as DesiredSandbox;
}
