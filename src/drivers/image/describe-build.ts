import { dirname, join, resolve } from "node:path";

import type { ImageBuild } from "../../model/devcontainer/build.ts";
import type { DevcontainerConfig } from "../../model/devcontainer/config.ts";
import { readDockerfile } from "../../model/devcontainer/dockerfile.ts";
import { isInside } from "../../model/refused-paths.ts";
import { attempt, errorCodeOf } from "../files/files.ts";
import type { Files } from "../files/files.ts";
import { inputsOf } from "./build-inputs.ts";
import { readBuildOptions } from "./build-options.ts";
import type { BuildIssue, BuildOptions } from "./build-options.ts";
import { hashOfContext } from "./context-hash.ts";
import { walkContext } from "./context-walk.ts";
import { dockerfilePathIn, insideContext, readDockerfileText } from "./dockerfile-source.ts";
import { openHashCache } from "./hash-cache.ts";

export type { BuildIssue } from "./build-options.ts";

/** What a build is described from. */
export type BuildDescription = {
  fs: Files;
  /** Folder for derived data that is safe to delete. */
  cacheDir: string;
  /** Absolute folder of the devcontainer.json. */
  folder: string;
  /** `build` of the devcontainer.json, its variables put in. */
  build: NonNullable<DevcontainerConfig["build"]> & { dockerfile: string };
  /** How messages name the devcontainer.json. */
  display: string;
  /** Real folder that nothing given to the build may leave. */
  boundary: string;
};

/** A build, or what is wrong with it. Warnings are about options that have no effect. */
export type DescribedBuild = {
  build?: ImageBuild;
  issues: BuildIssue[];
  warnings: { code: string; message: string }[];
};

/**
 * Finds out everything about an image build that decides its result, without an engine: reads the Dockerfile, walks the
 * context and hashes what is in it, from a cache where nothing has changed.
 */
export function describeBuild({ fs, cacheDir, folder, build, boundary }: BuildDescription): DescribedBuild {
  const dockerfile = resolve(folder, build.dockerfile);
  // As the reference CLI: without `context` the Dockerfile's own folder.
  const context = build.context === undefined ? dirname(dockerfile) : resolve(folder, build.context);
  const outside = confine(fs, build, { context, dockerfile }, boundary);
  if (outside) return { issues: [outside], warnings: [] };
  const { options, issues } = readBuildOptions(build.options ?? [], folder);
  const { warnings } = options;
  issues.push(...confineSecrets(fs, options, boundary));
  const source = readDockerfileText(fs, dockerfile);
  if ("problem" in source) {
    const message = `the Dockerfile ${build.dockerfile} ${source.problem}`;
    issues.push({ code: "dockerfile-unreadable", message, path: ["build", "dockerfile"] });
  }
  const missing = contextIssue(fs, context, build.context ?? ".");
  if (missing) issues.push(missing);
  if ("problem" in source || issues.length > 0) return { issues, warnings };

  const choices = choicesOf(build, options);
  const { facts, issues: found } = readDockerfile(source.text, choices);
  for (const { code, line, message, expected } of found) {
    const text = `${build.dockerfile}:${line}: ${message}`;
    issues.push({ code, message: text, path: ["build"], ...(expected === undefined ? {} : { expected }) });
  }
  const path = dockerfilePathIn(context, dockerfile);
  if (!facts) return { issues, warnings };
  const hashed = hashContext(fs, cacheDir, context, path);
  if ("issue" in hashed) return { issues: [hashed.issue], warnings };
  const inputs = inputsOf(choices, source.text, hashed.hash);
  return { build: { context, dockerfile: { path }, ...choices, bases: facts.bases, inputs }, issues, warnings };
}

type Choices = Omit<ImageBuild, "context" | "dockerfile" | "bases" | "inputs" | "classic">;

function choicesOf(build: BuildDescription["build"], { warnings: _said, ...options }: BuildOptions): Choices {
  const written = typeof build.cacheFrom === "string" ? [build.cacheFrom] : (build.cacheFrom ?? []);
  const target = options.target ?? build.target;
  return {
    ...options,
    args: { ...build.args, ...options.args },
    cacheFrom: [...written, ...options.cacheFrom],
    ...(target === undefined ? {} : { target }),
  };
}

/** A build sends its context to the engine, which is as good as giving the folder to the sandbox. */
function confine(
  fs: Files,
  written: BuildDescription["build"],
  paths: { context: string; dockerfile: string },
  boundary: string,
): BuildIssue | undefined {
  for (const key of ["context", "dockerfile"] as const) {
    const real = realPathOf(fs, paths[key]);
    if (isInside(real, boundary)) continue;
    const message = `'${written[key] ?? "."}' leads to ${real}, outside ${boundary}`;
    return { code: "path-outside", message, expected: `a path inside ${boundary}`, path: ["build", key] };
  }
  return undefined;
}

/** Where a path leads, also when its last parts do not exist. */
function realPathOf(fs: Files, path: string): string {
  const above = dirname(path);
  const { value } = attempt(() => fs.realpath(path));
  return value ?? (above === path ? path : join(realPathOf(fs, above), path.slice(above.length)));
}

/** A build may send what it is given anywhere, so files of the host are given to it as they are to a sandbox. */
function confineSecrets(fs: Files, { secrets }: BuildOptions, boundary: string): BuildIssue[] {
  return Object.entries(secrets).flatMap(([id, secret]) => {
    if (!("file" in secret)) return [];
    const path = ["build", "options"];
    const real = fs.stat(secret.file) ? fs.realpath(secret.file) : undefined;
    if (real === undefined) {
      return [{ code: "secret-not-found", message: `the file of secret ${id}, ${secret.file}, does not exist`, path }];
    }
    secret.file = real;
    if (isInside(real, boundary)) return [];
    const message = `the file of secret ${id} leads to ${real}, outside ${boundary}`;
    return [{ code: "path-outside", message, expected: "a file in the workspace, or id=name,env=VARIABLE", path }];
  });
}

function contextIssue(fs: Files, context: string, written: string): BuildIssue | undefined {
  const kind = fs.stat(context)?.kind;
  if (kind === "directory") return undefined;
  const message = `the context ${written} ${kind === undefined ? "does not exist" : "is no folder"}`;
  return { code: "context-unreadable", message, path: ["build", "context"] };
}

function hashContext(
  fs: Files,
  cacheDir: string,
  context: string,
  dockerfile: string,
): { hash: string } | { issue: BuildIssue } {
  try {
    const { entries } = walkContext(fs, context, insideContext(dockerfile));
    const cache = openHashCache(fs, cacheDir, context);
    const hash = hashOfContext(entries, ({ path, identity }) => cache.hashOf(path, identity));
    cache.save();
    return { hash };
  } catch (error) {
    return { issue: { ...contextProblem(error, context), path: ["build", "context"] } };
  }
}

/** What a failed walk means, for people. @throws what is no failure of reading */
export function contextProblem(error: unknown, context: string): { code: string; message: string; expected?: string } {
  if (error instanceof SyntaxError) {
    const message = `a pattern of ${join(context, ".dockerignore")} cannot be read: ${error.message}`;
    return { code: "dockerignore-invalid", message };
  }
  const code = errorCodeOf(error);
  if (code === undefined) throw error;
  const path = (error as NodeJS.ErrnoException).path ?? context;
  const why = code === "EACCES" || code === "EPERM" ? "permission denied" : code;
  const message = `${path} in the build's context cannot be read: ${why}`;
  return { code: "context-unreadable", message, expected: "a readable file, or a line in .dockerignore" };
}
