import type { Engine } from "../drivers/engine/engine.ts";
import type { Workspace } from "../drivers/files/load.ts";
import { compile } from "../model/compile.ts";
import type { Surroundings } from "../model/compile.ts";
import type { Desired, Notice } from "../model/desired.ts";
import { readConfiguration } from "../model/devcontainer/read-configuration.ts";
import { imageReferences } from "../model/devcontainer/references.ts";
import { DevcError } from "../model/errors.ts";
import type { Manifest } from "../model/manifest.ts";
import { originsOfProjects } from "../model/project-origins.ts";
import { inspectImages } from "../reconcile/observe.ts";
import { configDocumentOf, configText, projectText } from "../report/config-text.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable, OptionValues } from "./options.ts";
import { openWorkspace, unknownProject } from "./prepare.ts";
import { nameProject } from "./sandbox.ts";
import { surroundingsOf } from "./surroundings.ts";

export const options = {
  ...COMMON,
  offline: { type: "boolean" },
  "devcontainer-json": { type: "boolean" },
} as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "[PROJECT]", min: 0, max: 1 };

export const help = `Usage: devc config [PROJECT] [OPTIONS]

Prints what the workspace compiles to: every image, volume, network and sandbox with all defaults, profiles, extended
files and devcontainer.json files merged. With PROJECT, every value of that project and where it comes from. Limits
stand as written, not as an engine clamps them. Values of variables whose names look like secrets are hidden.

An engine is asked only for what the images of projects with a devcontainer.json say about themselves; without one that
is left out, and said to be.

      --offline            ask no engine
      --devcontainer-json  print the project's devcontainer.json as other tools read it: with variables put in and
                           merged with the metadata of its image, as JSON. Nothing in it is hidden, and no profile is
                           applied

${COMMON_HELP}
Examples:
  devc config
  devc config web
  devc config --json | jq '.resources[] | select(.kind == "sandbox") | .spec.capabilities'
  devc config --devcontainer-json web | jq .mergedConfiguration.remoteUser
`;

/** Compiles and prints. */
export async function run(
  context: Context,
  { options: given, operands: [named] }: Input<typeof options>,
): Promise<number> {
  if (given["devcontainer-json"]) return printConfiguration(context, given, named);
  const { reporter, version } = context;
  const workspace = await openWorkspace(context, given.file);
  const manifest = restricted(workspace.manifest, named);
  const asked = await askEngine(context, given, manifest);
  const surroundings = surroundingsOf(context, asked.images);
  const desired = compile(manifest, undefined, surroundings);
  const document = configDocumentOf(
    { ...desired, notices: [...missingMetadata(desired, asked.why), ...desired.notices] },
    { version, path: workspace.path, sha256: workspace.sha256, files: workspace.files },
    given.json || named !== undefined
      ? originsOfProjects(manifest, undefined, surroundings, await workspace.origins())
      : {},
  );
  if (!reporter.json) reporter.result(await textOf(context, document, desired, manifest, named));
  reporter.document(document);
  return 0;
}

type Given = OptionValues<typeof options>;

async function textOf(
  context: Context,
  document: ReturnType<typeof configDocumentOf>,
  { resources }: Desired,
  { projects }: Manifest,
  named: string | undefined,
): Promise<string> {
  const [project] = projects;
  if (named !== undefined && project) return projectText(document, resources, project, context.reporter.out);
  const { stringify } = await import("yaml");
  return configText(document, (value) => stringify(value));
}

/** @throws DevcError `usage` for a project without a devcontainer.json */
async function printConfiguration(context: Context, given: Given, named: string | undefined): Promise<number> {
  const { workspace, project } = await nameProject(context, given.file, named);
  const manifest = restricted(workspace.manifest, project);
  const located = manifest.projects[0]?.devcontainer;
  if (!located) {
    throw new DevcError("usage", `project '${project}' uses no devcontainer.json`, {
      subject: project,
      hint: `devc config ${project} shows what it is made of`,
    });
  }
  const { images, why } = await askEngine(context, given, manifest);
  if (why !== undefined) context.reporter.message(`The metadata of the image is not in it: ${why}.`);
  const configuration = readConfiguration(located, images, context.env);
  context.streams.stdout.write(`${JSON.stringify(configuration, undefined, 2)}\n`);
  return 0;
}

function restricted(manifest: Workspace["manifest"], named: string | undefined): Manifest {
  if (named === undefined) return manifest;
  const projects = manifest.projects.filter(({ name }) => name === named);
  if (projects.length > 0) return { ...manifest, projects };
  throw unknownProject(
    named,
    manifest.projects.map(({ name }) => name),
  );
}

/** What is known of images; `why` says why nothing is. */
type Asked = { images: Surroundings["images"]; why?: string };

/** Asks an engine for images when there is something to learn from them. An engine that was named must answer. */
async function askEngine(context: Context, given: Given, manifest: Manifest): Promise<Asked> {
  if (!manifest.projects.some(({ devcontainer }) => devcontainer)) return { images: {} };
  if (given.offline) return { images: {}, why: "no engine was asked" };
  let engine: Engine;
  try {
    engine = await context.connect();
  } catch (error) {
    const isAbsent = error instanceof DevcError && /^engine-(not-found|unreachable)$/.test(error.code);
    if (!isAbsent || given.engine !== undefined) throw error;
    return { images: {}, why: "no engine answers" };
  }
  return { images: await inspectImages(engine, imageReferences(manifest)) };
}

/** Sandboxes of which only a part is known. */
function missingMetadata({ resources }: Desired, why: string | undefined): Notice[] {
  const waiting = resources.filter((one) => one.kind === "sandbox").filter(({ awaitsImage }) => awaitsImage);
  return waiting.map(({ project, spec }) => ({
    code: "image-metadata-unknown",
    project,
    message: `the metadata of ${spec.image} is not merged: ${why ?? "the image is not there yet, or is to be built anew"}`,
  }));
}
