import * as z from "zod";

/**
 * The form of a devcontainer.json: types, known words, and which members must be there. What a text means is checked in
 * `check-values.ts`. Members without a place here are unknown, which is worth a warning and no more.
 * https://containers.dev/implementors/json_reference/, https://containers.dev/implementors/json_schema/
 */
const text = z.string();
const word = z.string().min(1);
const texts = z.array(text);
const textMap = z.record(text, text);
const command = z.union([text, texts, z.record(text, z.union([text, texts]))]);
const port = z.int().min(0).max(65_535);

const build = z.strictObject({
  dockerfile: word.optional(),
  context: word.optional(),
  args: textMap.optional(),
  target: word.optional(),
  cacheFrom: z.union([text, texts]).optional(),
  options: texts.optional(),
});

/** `tmpfs` is not in the schema of the specification, but in what `docker run --mount` takes, and so in use. */
const mountObject = z.strictObject({
  type: z.enum(["bind", "volume", "tmpfs"]),
  source: text.optional(),
  target: word,
});

const portAttributes = z.strictObject({
  label: text.optional(),
  protocol: z.enum(["http", "https"]).optional(),
  onAutoForward: z.enum(["notify", "openBrowser", "openBrowserOnce", "openPreview", "silent", "ignore"]).optional(),
  requireLocalPort: z.boolean().optional(),
  elevateIfNeeded: z.boolean().optional(),
});

const hostRequirements = z.strictObject({
  cpus: z.int().min(1).optional(),
  memory: text.optional(),
  storage: text.optional(),
  // The map first: a wrong member of it is a better answer than that a map is not one of the words.
  gpu: z
    .union([
      z.strictObject({ cores: z.int().min(1).optional(), memory: text.optional() }),
      z.literal([true, false, "optional"]),
    ])
    .optional(),
});

/** Old names, which `legacy.ts` maps to those of today. */
const legacy = {
  dockerFile: word.optional(),
  context: word.optional(),
  extensions: texts.optional(),
  settings: z.record(text, z.unknown()).optional(),
  devPort: z.int().optional(),
};

/** A whole devcontainer.json as it is written. */
export const devcontainerSchema = z.strictObject({
  $schema: text.optional(),
  name: text.optional(),
  image: word.optional(),
  build: build.optional(),
  dockerComposeFile: z.union([text, texts]).optional(),
  service: text.optional(),
  runServices: texts.optional(),
  features: z.record(text, z.unknown()).optional(),
  overrideFeatureInstallOrder: texts.optional(),
  workspaceFolder: text.optional(),
  workspaceMount: text.optional(),
  runArgs: texts.optional(),
  appPort: z.union([port, text, z.array(z.union([port, text]))]).optional(),
  forwardPorts: z.array(z.union([port, text])).optional(),
  portsAttributes: z.record(text, portAttributes).optional(),
  otherPortsAttributes: portAttributes.optional(),
  containerEnv: textMap.optional(),
  remoteEnv: z.record(text, z.union([text, z.null()])).optional(),
  containerUser: text.optional(),
  remoteUser: text.optional(),
  updateRemoteUserUID: z.boolean().optional(),
  userEnvProbe: z.enum(["none", "loginShell", "interactiveShell", "loginInteractiveShell"]).optional(),
  overrideCommand: z.boolean().optional(),
  shutdownAction: z.enum(["none", "stopContainer", "stopCompose"]).optional(),
  init: z.boolean().optional(),
  privileged: z.boolean().optional(),
  capAdd: texts.optional(),
  securityOpt: texts.optional(),
  mounts: z.array(z.union([text, mountObject])).optional(),
  secrets: z
    .record(text, z.strictObject({ description: text.optional(), documentationUrl: text.optional() }))
    .optional(),
  initializeCommand: command.optional(),
  onCreateCommand: command.optional(),
  updateContentCommand: command.optional(),
  postCreateCommand: command.optional(),
  postStartCommand: command.optional(),
  postAttachCommand: command.optional(),
  waitFor: z
    .enum(["initializeCommand", "onCreateCommand", "updateContentCommand", "postCreateCommand", "postStartCommand"])
    .optional(),
  hostRequirements: hostRequirements.optional(),
  customizations: z.record(text, z.unknown()).optional(),
  ...legacy,
});
