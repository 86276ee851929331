type Shape = (value: unknown) => boolean;

const text: Shape = (value) => typeof value === "string";
const flag: Shape = (value) => typeof value === "boolean";
const number: Shape = (value) => typeof value === "number";
const map: Shape = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const either =
  (...shapes: Shape[]): Shape =>
  (value) =>
    shapes.some((shape) => shape(value));
const oneOf =
  (...words: unknown[]): Shape =>
  (value) =>
    words.includes(value);
const listOf =
  (item: Shape): Shape =>
  (value) =>
    Array.isArray(value) && value.every(item);
const mapOf =
  (member: Shape): Shape =>
  (value) =>
    map(value) && Object.values(value as object).every(member);
const members =
  (shapes: Record<string, Shape>): Shape =>
  (value) =>
    map(value) && Object.entries(shapes).every(([key, shape]) => shape((value as Record<string, unknown>)[key]));
const optional = (shape: Shape): Shape => either((value) => value === undefined, shape);

const command = either(text, listOf(text), mapOf(either(text, listOf(text))));

/**
 * What each member of a label's entry must be for devc to use it. Written by hand where `schema.ts` has the same for files:
 * labels are read by every plan, which cannot afford to load the schema's library, and nobody needs a place in a label.
 */
export const METADATA_SHAPES: Readonly<Record<string, Shape>> = {
  id: text,
  entrypoint: text,
  onCreateCommand: command,
  updateContentCommand: command,
  postCreateCommand: command,
  postStartCommand: command,
  postAttachCommand: command,
  waitFor: oneOf(
    "initializeCommand",
    "onCreateCommand",
    "updateContentCommand",
    "postCreateCommand",
    "postStartCommand",
  ),
  customizations: map,
  mounts: listOf(either(text, members({ type: optional(text), source: optional(text), target: text }))),
  containerEnv: mapOf(text),
  containerUser: text,
  init: flag,
  privileged: flag,
  capAdd: listOf(text),
  securityOpt: listOf(text),
  remoteUser: text,
  userEnvProbe: oneOf("none", "loginShell", "interactiveShell", "loginInteractiveShell"),
  remoteEnv: mapOf(either(text, oneOf(null))),
  overrideCommand: flag,
  portsAttributes: map,
  otherPortsAttributes: map,
  forwardPorts: listOf(either(number, text)),
  shutdownAction: oneOf("none", "stopContainer", "stopCompose"),
  updateRemoteUserUID: flag,
  hostRequirements: members({
    cpus: optional(number),
    memory: optional(text),
    storage: optional(text),
    gpu: optional(either(flag, oneOf("optional"), members({ cores: optional(number), memory: optional(text) }))),
  }),
};
