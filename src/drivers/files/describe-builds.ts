import { dirname } from "node:path";

import type { ImageBuild } from "../../model/devcontainer/build.ts";
import type { DevcontainerConfig } from "../../model/devcontainer/config.ts";
import type { LocatedDevcontainer } from "../../model/devcontainer/located.ts";
import type { DeclaredDevcontainer, DeclaredManifest, ManifestProject, Place } from "../../model/manifest.ts";
import type { IssueText, ValuePath } from "../../model/source.ts";
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
  const build = config.build as BuildRequest["build"];
  const folder = dirname(configPath);
  const described = await describeBuild({ fs, cacheDir, folder, build, display, boundary });
  for (const { path, ...issue } of described.issues) note(placeIn(written, path ?? ["build"]), issue);
  const warnings = [...located.warnings, ...described.warnings];
  return described.build ? { ...located, warnings, build: described.build } : located;
}
