import type * as z from "zod";

import type { Issue } from "../errors.ts";
import { issueAt, MAX_ISSUES, offsetOf, pathText, sortIssues } from "../source.ts";
import type { SourceDocument } from "../source.ts";
import { describeIssue } from "../structure-issues.ts";
import type { Found } from "../structure-issues.ts";
import { checkValues } from "./check-values.ts";
import { warningAt } from "./legacy.ts";
import type { DevcontainerWarning } from "./legacy.ts";
import { devcontainerSchema } from "./schema.ts";

/** Names people know from Compose and from devc.yaml, and the one that does the same in a devcontainer.json. */
const FAMILIAR_KEYS: Record<string, string> = {
  env: "containerEnv",
  environment: "containerEnv",
  user: "remoteUser",
  volumes: "mounts",
  ports: "forwardPorts",
  dockerfile: "build.dockerfile",
  args: "build.args",
};

/** Members that say what a container is made of; a name near to one of them explains why there is none. */
const SUBJECTS = new Set(["image", "build", "build.dockerfile", "dockerFile"]);

/**
 * Checks a devcontainer.json against the specification and against what devc can run. Unknown keys are warnings: other tools
 * may know them.
 */
export function checkDevcontainer(document: SourceDocument): { issues: Issue[]; warnings: DevcontainerWarning[] } {
  const { error } = devcontainerSchema.safeParse(document.value);
  const subject = { document, schema: devcontainerSchema };
  const structure = (error?.issues ?? []).flatMap((issue) => describeIssue(issue as z.core.$ZodIssue, [], subject));
  const [unknown, unsound] = [
    structure.filter(isUnknownKey).map(familiar),
    structure.filter((each) => !isUnknownKey(each)),
  ];
  const broken = new Set(unsound.map(({ path }) => path[0]));
  const sound = Object.entries(document.value as object).filter(([key]) => !broken.has(key));
  const values = checkValues(Object.fromEntries(sound));
  const issues = [...unsound, ...checkSubject(document, unknown), ...values.issues];
  return {
    issues: sortIssues(issues.map((each) => issueAt(document, each.path, each.issue, each.which))).slice(0, MAX_ISSUES),
    warnings: [...unknown, ...values.warnings, ...ignoredMembers(document)].map((each) => warningOf(document, each)),
  };
}

function isUnknownKey({ issue }: Found): boolean {
  return issue.code === "unknown-key";
}

function familiar(found: Found): Found {
  const [key] = found.path;
  const name = found.path.length === 1 && Object.hasOwn(FAMILIAR_KEYS, `${key}`) ? FAMILIAR_KEYS[`${key}`] : undefined;
  return name === undefined ? found : { ...found, issue: { ...found.issue, suggestion: name } };
}

/** What the container is made of. The kind of a file is decided as the reference does: Dockerfile, image, Compose. */
function checkSubject({ value }: SourceDocument, unknown: Found[]): Found[] {
  const config = value as { build?: object; dockerComposeFile?: unknown; features?: object };
  const issues: Found[] = [];
  if ("dockerComposeFile" in config) {
    const message = "dockerComposeFile: compose projects are not run yet";
    const expected = "a devcontainer.json with an image or a Dockerfile";
    issues.push({ path: ["dockerComposeFile"], which: "key", issue: { code: "not-supported", message, expected } });
  } else if (!hasSubject(config)) issues.push(missingSubject(config, unknown));
  if (config.features && typeof config.features === "object" && Object.keys(config.features).length > 0) {
    const message = "features are not installed yet";
    const expected = "an image or a Dockerfile that has them";
    issues.push({ path: ["features"], which: "key", issue: { code: "not-supported", message, expected } });
  }
  return issues;
}

function hasSubject(config: { build?: object }): boolean {
  return "image" in config || "dockerFile" in config || hasDockerfile(config);
}

function hasDockerfile({ build }: { build?: object }): boolean {
  return typeof build === "object" && build !== null && "dockerfile" in build;
}

function missingSubject(config: { build?: object }, unknown: Found[]): Found {
  const meant = unknown.find(({ path, issue }) => {
    return SUBJECTS.has(pathText([...path.slice(0, -1), issue.suggestion ?? ""]));
  });
  const [message, path] = config.build
    ? ["build has no 'dockerfile'", ["build"]]
    : ["the file names neither an image nor a Dockerfile", []];
  const { suggestion } = meant?.issue ?? {};
  const issue = {
    code: "missing-key",
    message,
    expected: "image or build.dockerfile",
    ...(suggestion ? { suggestion } : {}),
  };
  return { path: meant?.path ?? path, which: "key", issue };
}

/** Members without effect beside another one. */
function ignoredMembers({ value }: SourceDocument): Found[] {
  const config = value as { build?: object };
  const ignored = (key: string, why: string): Found => ({
    path: [key],
    which: "key",
    issue: { code: "ignored-key", message: `'${key}' is ignored: ${why}` },
  });
  const dockerfile = "dockerFile" in config || hasDockerfile(config);
  if (dockerfile) return "image" in config ? [ignored("image", "the file names a Dockerfile")] : [];
  return "image" in config && "build" in config
    ? [ignored("build", "it names no Dockerfile, and an image is given")]
    : [];
}

function warningOf({ source, marks }: SourceDocument, { path, issue, which }: Found): DevcontainerWarning {
  const meant = issue.suggestion === undefined ? "" : `; did you mean '${issue.suggestion}'?`;
  return warningAt(source, offsetOf(marks, path, which), issue.code, `${issue.message}${meant}`);
}
