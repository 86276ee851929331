import { dirname, join, resolve } from "node:path";

import type { ImageBuild } from "../../model/devcontainer/build.ts";
import type { DevcontainerConfig } from "../../model/devcontainer/config.ts";
import type { LocatedDevcontainer } from "../../model/devcontainer/located.ts";
import type { DeclaredDevcontainer, DeclaredManifest, ManifestProject, Place } from "../../model/manifest.ts";
import { isInside } from "../../model/refused-paths.ts";
import type { IssueText, ValuePath } from "../../model/source.ts";
import { errorCodeOf } from "./files.ts";
import type { Files } from "./files.ts";
import { placeIn } from "./locate-devcontainer.ts";

/** What a build is described from. */
type BuildRequest = {
  fs: Files;
  /** Folder for derived data, absolute. */
  cacheDir: string;
  /** Absolute folder of the devcontainer.json. */
  folder: string;
  /** `build` of the file, variables of the host put in. */
  build: NonNullable<DevcontainerConfig["build"]> & { dockerfile: string };
  /** How messages name the file. */
  display: string;
  /** Real folder that nothing given to the build may leave. */
  boundary: string;
};

/** A build, or why there is none; issues are at `path` in the file, or at its `build`. */
type BuildAnswer = {
  build?: ImageBuild;
  issues: (IssueText & { path?: ValuePath })[];
  warnings: { code: string; message: string }[];
};

/** Finds out what decides the result of an image build, without an engine. It belongs to another driver and is passed in. */
export type DescribeBuild = (request: BuildRequest) => Promise<BuildAnswer>;

/** What contexts are walked with. */
type BuildContext = {
  fs: Files;
  cacheDir: string;
  describeBuild: DescribeBuild;
  note(place: Place, issue: IssueText): void;
};

/**
 * Adds the image build to every project whose devcontainer.json names a Dockerfile; what is wrong with one is noted at the
 * file's `build`. Nothing is loaded for projects without.
 */
export async function describeBuilds(
  projects: ManifestProject[],
  declared: DeclaredManifest,
  context: BuildContext,
): Promise<ManifestProject[]> {
  return Promise.all(
    projects.map(async (project, index) => {
      const written = declared.projects[index]?.devcontainer;
      if (!project.devcontainer || !written || project.devcontainer.config.build?.dockerfile === undefined)
        return project;
      return { ...project, devcontainer: await withBuild(project.devcontainer, written, context) };
    }),
  );
}

async function withBuild(
  located: LocatedDevcontainer,
  written: DeclaredDevcontainer,
  { fs, cacheDir, describeBuild, note }: BuildContext,
): Promise<LocatedDevcontainer> {
  const { configPath, config, display, boundary } = located;
  const folder = dirname(configPath);
  const build = config.build as BuildRequest["build"];
  const problem = outside(fs, folder, build, boundary);
  if (problem) {
    note(placeIn(written, problem.path), problem.issue);
    return located;
  }
  const described = await describeBuild({ fs, cacheDir, folder, build, display, boundary });
  for (const { path, ...issue } of described.issues) note(placeIn(written, path ?? ["build"]), issue);
  const warnings = [...located.warnings, ...described.warnings];
  return described.build ? { ...located, warnings, build: described.build } : located;
}

/** A build sends its context to the engine, which is as good as giving the folder to the sandbox. */
function outside(
  fs: Files,
  folder: string,
  { dockerfile, context }: { dockerfile: string; context?: string },
  boundary: string,
): { path: ValuePath; issue: IssueText } | undefined {
  const file = resolve(folder, dockerfile);
  const parts = [
    { key: "context", text: context ?? ".", path: context === undefined ? dirname(file) : resolve(folder, context) },
    { key: "dockerfile", text: dockerfile, path: file },
  ];
  for (const { key, text, path } of parts) {
    const real = realPathOf(fs, path);
    if (isInside(real, boundary)) continue;
    const message = `'${text}' leads to ${real}, outside ${boundary}`;
    return { path: ["build", key], issue: { code: "path-outside", message, expected: `a path inside ${boundary}` } };
  }
  return undefined;
}

/** Where a path leads, also when its last parts do not exist. */
function realPathOf(fs: Files, path: string): string {
  try {
    return fs.realpath(path);
  } catch (error) {
    if (errorCodeOf(error) === undefined) throw error;
    const above = dirname(path);
    return above === path ? path : join(realPathOf(fs, above), path.slice(above.length));
  }
}
