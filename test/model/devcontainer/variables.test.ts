import { describe, expect, it } from "vitest";

import { DevcError } from "../../../src/model/errors.ts";
import { namelessVariable, substitute, usesHostValue, variablesIn } from "../../../src/model/devcontainer/variables.ts";
import type { Variables } from "../../../src/model/devcontainer/variables.ts";

const variables: Variables = {
  localEnv: { HOME: "/home/dev", EMPTY: "", NESTED: "${localWorkspaceFolder}" },
  localWorkspaceFolder: "/home/dev/shop",
  containerWorkspaceFolder: "/workspaces/${localWorkspaceFolderBasename}",
  devcontainerId: "0id",
  containerEnv: { PATH: "/usr/bin" },
};

describe("variables", () => {
  it.each([
    ["${localEnv:HOME}", "/home/dev"],
    ["${env:HOME}", "/home/dev"],
    ["${localEnv:HOME:/root}", "/home/dev"],
    ["${localEnv:NONE}", ""],
    ["${localEnv:NONE:default}", "default"],
    ["${localEnv:NONE:a:b:c}", "a"],
    ["${localEnv:NONE:}", ""],
    ["${localEnv:EMPTY:default}", ""],
    ["${localEnv:}", ""],
    ["${localEnv:constructor}", ""],
    ["${localEnv:NESTED}", "${localWorkspaceFolder}"],
    ["${localWorkspaceFolder}", "/home/dev/shop"],
    ["${localWorkspaceFolder:rest}", "/home/dev/shop"],
    ["${localWorkspaceFolderBasename}", "shop"],
    ["${containerWorkspaceFolder}/src", "/workspaces/shop/src"],
    ["${containerWorkspaceFolderBasename}", "shop"],
    ["dind-${devcontainerId}", "dind-0id"],
    ["${containerEnv:PATH}:/opt/bin", "/usr/bin:/opt/bin"],
    ["${containerEnv:NONE:x}", "x"],
    ["${unknown}", "${unknown}"],
    ["${unknown:x}", "${unknown:x}"],
    ["${}", "${}"],
    ["${localenv:HOME}", "${localenv:HOME}"],
    ["${ localEnv:HOME}", "${ localEnv:HOME}"],
    ["${localEnv:A\nB}", "${localEnv:A\nB}"],
    ["$${localEnv:HOME}", "$/home/dev"],
    ["${toString}", "${toString}"],
    ["$HOME and ${HOME", "$HOME and ${HOME"],
  ])("make %s %s", (written, expected) => {
    expect(substitute(written, variables)).toBe(expected);
  });

  it("stand as written when their value is not given", () => {
    const written =
      "${localEnv:A:b} ${env:A} ${localWorkspaceFolder} ${localWorkspaceFolderBasename} ${containerWorkspaceFolder} " +
      "${containerWorkspaceFolderBasename} ${devcontainerId} ${containerEnv:A:b} ${localEnv}";
    expect(substitute(written, {})).toBe(written);
  });

  it("are put into every text at any depth, but not into keys", () => {
    const value = { "${env:HOME}": ["${env:HOME}", { a: "${env:HOME}/x", b: 1, c: null, d: false }] };
    expect(substitute(value, variables)).toEqual({
      "${env:HOME}": ["/home/dev", { a: "/home/dev/x", b: 1, c: null, d: false }],
    });
  });

  // What read-configuration of the reference prints for this workspaceFolder.
  it("in the container's folder are put in once, even where it names itself", () => {
    const folder = "/w/${localWorkspaceFolderBasename}/${containerWorkspaceFolder}/${localEnv:QQ:x}";
    const given = { localEnv: {}, localWorkspaceFolder: "/tmp/ws", containerWorkspaceFolder: folder };
    expect(substitute(folder, given)).toBe(`/w/ws//w/ws/${folder}/x/x`);
  });

  it("of Windows ignore case, and its folders have backslashes", () => {
    const windows: Variables = {
      localEnv: { UserProfile: "C:\\Users\\dev" },
      localWorkspaceFolder: "C:\\src\\shop",
      platform: "win32",
    };
    const written = "${localEnv:USERPROFILE} ${localWorkspaceFolderBasename}";
    expect(substitute(written, windows)).toBe("C:\\Users\\dev shop");
    expect(substitute(written, { ...windows, platform: "linux" })).toBe(" C:\\src\\shop");
  });

  it("of an environment must name one", () => {
    for (const written of ["${localEnv}", "${env}", "${containerEnv}"]) {
      const name = written.slice(2, -1);
      const hint = `Write \${${name}:NAME} or \${${name}:NAME:default}.`;
      expect(() => substitute({ a: [written] }, variables)).toThrow(
        new DevcError("manifest-invalid", `${written} names no environment variable`, { hint }),
      );
      expect(namelessVariable(`a ${written}`)).toBe(name);
    }
    expect(namelessVariable("${localEnv:} ${unknown}")).toBeUndefined();
  });

  it("that take something from the host are known as such", () => {
    const texts = [
      "${localEnv:A}",
      "x ${env:A:b}",
      "${containerEnv:A}",
      "${localWorkspaceFolder}",
      "localEnv:A",
      "${localEnv",
    ];
    expect(texts.map(usesHostValue)).toEqual([true, true, false, false, false, false]);
  });

  it("are found with what follows their name", () => {
    expect(variablesIn("a ${x} ${localEnv:HOME:/root}")).toEqual([
      { name: "x", rest: [] },
      { name: "localEnv", rest: ["HOME", "/root"] },
    ]);
  });
});
