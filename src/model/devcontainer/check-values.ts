import type { ValuePath } from "../source.ts";
import { pathText } from "../source.ts";
import type { Found } from "../structure-issues.ts";
import { readImage } from "../read-values.ts";
import type { DevcontainerConfig } from "./config.ts";
import { HOOK_PHASES } from "./lifecycle.ts";
import { namelessVariable } from "./variables.ts";

const SIZE = /^\d+([tgmk]b)?$/;
const HOST_PORT = /^[^:\s]+:(\d{1,5})$/;
const MAX_PORT = 65_535;

/**
 * Checks what texts mean, as far as it does not depend on variables. Ports that only editors use are warnings.
 * @param config what of a file has the form of the schema
 */
export function checkValues(config: DevcontainerConfig): { issues: Found[]; warnings: Found[] } {
  return {
    issues: [
      ...imageIssues(config),
      ...(["containerEnv", "remoteEnv"] as const).flatMap((key) => nameIssues([key], config[key])),
      ...nameIssues(["build", "args"], config.build?.args),
      ...sizeIssues(config),
      ...commandIssues(config),
      ...namelessVariables(config, []),
    ],
    warnings: portWarnings(config),
  };
}

function imageIssues({ image }: DevcontainerConfig): Found[] {
  if (image === undefined || image.includes("${")) return [];
  const { issue } = readImage(image);
  return issue ? [{ path: ["image"], issue }] : [];
}

/** Names of variables that no environment can hold. */
function nameIssues(path: ValuePath, names: object | undefined): Found[] {
  const unusable = Object.keys(names ?? {}).filter((name) => name === "" || name.includes("="));
  return unusable.map((name) => ({
    path: [...path, name],
    which: "key",
    issue: { code: "invalid-name", message: `'${name}' cannot be a name here`, expected: "a name without '='" },
  }));
}

function sizeIssues({ hostRequirements }: DevcontainerConfig): Found[] {
  const { memory, storage, gpu } = hostRequirements ?? {};
  const sizes: [ValuePath, string | undefined][] = [
    [["hostRequirements", "memory"], memory],
    [["hostRequirements", "storage"], storage],
    [["hostRequirements", "gpu", "memory"], typeof gpu === "object" ? gpu.memory : undefined],
  ];
  return sizes.flatMap(([path, size]) => {
    if (size === undefined || SIZE.test(size) || size.includes("${")) return [];
    const expected = "bytes, or a whole number with kb, mb, gb or tb, such as 8gb";
    return [{ path, issue: { code: "invalid-value", message: `${pathText(path)} cannot be '${size}'`, expected } }];
  });
}

/** A list without a program is no command; an empty text is one that does nothing. */
function commandIssues(config: DevcontainerConfig): Found[] {
  const keys = ["initializeCommand", ...HOOK_PHASES.map((phase) => `${phase}Command`)];
  return keys.flatMap((key) => {
    const command = config[key];
    const named: [ValuePath, unknown][] =
      command !== null && typeof command === "object" && !Array.isArray(command)
        ? Object.entries(command).map(([name, each]) => [[key, name], each])
        : [[[key], command]];
    return named
      .filter(([, each]) => Array.isArray(each) && each.length === 0)
      .map(([path]): Found => {
        const issue = { code: "invalid-value", message: `${pathText(path)} is empty`, expected: "a program to run" };
        return { path, issue };
      });
  });
}

/** `substitute` would refuse them without a place. */
function namelessVariables(value: unknown, path: ValuePath): Found[] {
  if (typeof value === "string") {
    const name = namelessVariable(value);
    if (name === undefined) return [];
    const issue = {
      code: "invalid-variable",
      message: `\${${name}} names no environment variable`,
      expected: `\${${name}:NAME}`,
    };
    return [{ path, issue }];
  }
  if (value === null || typeof value !== "object") return [];
  if (Array.isArray(value)) return value.flatMap((item, index) => namelessVariables(item, [...path, index]));
  return Object.entries(value).flatMap(([key, member]) => namelessVariables(member, [...path, key]));
}

function portWarnings({ forwardPorts = [] }: DevcontainerConfig): Found[] {
  return forwardPorts.flatMap((port, index) => {
    if (typeof port === "number" || port.includes("${")) return [];
    const [, number] = HOST_PORT.exec(port) ?? [];
    if (number !== undefined && Number(number) <= MAX_PORT) return [];
    const message = `forwardPorts[${index}]: '${port}' is neither a port nor host:port`;
    return [{ path: ["forwardPorts", index], issue: { code: "invalid-value", message } }];
  });
}
