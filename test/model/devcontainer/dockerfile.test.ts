import { describe, expect, it } from "vitest";

import { readDockerfile } from "../../../src/model/devcontainer/dockerfile.ts";
import type { DockerfileOptions } from "../../../src/model/devcontainer/dockerfile.ts";

/** Facts of a sound file. */
function facts(text: string, options: Partial<DockerfileOptions> = {}) {
  const { facts: found, issues } = readDockerfile(text, { args: {}, ...options });
  expect(issues).toEqual([]);
  return found;
}

const bases = (text: string, options: Partial<DockerfileOptions> = {}) => facts(text, options)?.bases;

/** Issues as `code line: message`. */
function issues(text: string, options: Partial<DockerfileOptions> = {}): string[] {
  const { facts: found, issues: wrong } = readDockerfile(text, { args: {}, ...options });
  expect(found).toBeUndefined();
  return wrong.map(({ code, line, message }) => `${code} ${line}: ${message}`);
}

describe("bases of a Dockerfile", () => {
  it("are what the stages of the target start and copy from, without stages and scratch", () => {
    const text = `
      FROM tools:1 AS tools
      FROM unused:1 AS unused
      FROM --platform=linux/amd64 debian:12 AS Base
      COPY --from=tools /a /a
      FROM base
      COPY --chown=1:1 --from=nginx:1 /b /b
      ADD --from=2 /c /c
      RUN --mount=type=bind,from=busybox:1,target=/x --mount=type=cache,target=/y,from=tools true
      FROM scratch AS last
      COPY --from=alpine /d /d`;
    expect(bases(text, { target: "3" })).toEqual(["busybox:1", "debian:12", "nginx:1", "tools:1"]);
    expect(bases(text, { target: "BASE" })).toEqual(["debian:12", "tools:1"]);
    expect(bases(text)).toEqual(["alpine"]);
    expect(facts(text)?.stages).toEqual(["tools", "unused", "base", "3", "last"]);
  });

  it("take the arguments before the first FROM, those of the build first", () => {
    const text = 'ARG V=12 NAME="debian"\nARG REF=${NAME}:${V}\nFROM ${REF}-slim\n';
    expect(bases(text)).toEqual(["debian:12-slim"]);
    expect(bases(text, { args: { V: "13" } })).toEqual(["debian:13-slim"]);
    expect(bases(text, { args: { REF: "own" } })).toEqual(["own-slim"]);
    expect(bases("FROM ${V:-debian:12}\n", { args: { V: "13" } })).toEqual(["debian:12"]);
  });

  it.each([
    ["$V", "1"],
    ["a${V}b", "a1b"],
    ["${V:-x}", "1"],
    ["${W:-x}", "x"],
    ["${W-x}", "x"],
    ["${W:-${V}y}", "1y"],
    ["x${W:+y}", "x"],
    ["x${V:+y}", "xy"],
    ['"$V"', "1"],
    ["'$V'", "$V"],
  ])("puts a variable in: %s is %s", (word, expected) => {
    expect(bases(`ARG V=1\nFROM ${word}\n`)).toEqual(expected.includes("$") ? [] : [expected]);
  });

  it("leave out what only the engine or the builder knows", () => {
    expect(bases("FROM image-$TARGETARCH\n")).toEqual([]);
    expect(bases("ARG TARGETARCH=arm64\nFROM image-$TARGETARCH\n")).toEqual(["image-arm64"]);
    expect(bases("FROM a\nCOPY --from=$X /a /a\n")).toEqual(["a"]);
  });

  it("count a stage's ONBUILD where the stage is built upon", () => {
    const text = "FROM a AS one\nONBUILD COPY --from=b /x /x\nFROM one AS two\n";
    expect(bases(text, { target: "one" })).toEqual(["a"]);
    expect(bases(text)).toEqual(["a", "b"]);
  });

  it("are not found in texts, comments and continued lines", () => {
    const text = [
      "# syntax=docker/dockerfile:1",
      "# escape=`",
      "FROM a",
      "RUN one `",
      "# FROM comment",
      "",
      "    FROM b",
      "RUN <<EOF cat && <<-'END' cat",
      "FROM c",
      "EOF",
      "FROM d",
      "\tEND",
      'COPY <<"X" /x',
      "FROM e",
      "X",
      "RUN echo '<<NO' \"<<NO\" 1<<2",
      'RUN ["sh", "<<NO"]',
      "COPY --from=f /f /f",
    ].join("\r\n");
    expect(facts(text)).toEqual({ bases: ["a", "f"], syntax: "docker/dockerfile:1", stages: ["0"] });
  });

  it("of a directive behind anything else are those of a comment", () => {
    expect(facts("\n# syntax=x\nFROM a\n")).toEqual({ bases: ["a"], stages: ["0"] });
    expect(facts("\uFEFF# Syntax = x\nFROM a\n")?.syntax).toBe("x");
  });
});

describe("the user of a Dockerfile", () => {
  it("is the last one of the target or of the stages below it", () => {
    const text = "FROM a AS one\nUSER x\nUSER y:z\nFROM one AS two\nRUN true\nFROM b\nFROM two AS last\nUSER $NAME\n";
    expect(facts(text, { target: "two" })?.user).toBe("y:z");
    expect(facts(text, { target: "2" })?.user).toBeUndefined();
    expect(facts(text)?.user).toBeUndefined();
  });
});

describe("a Dockerfile that is wrong", () => {
  it.each([
    ["", ["dockerfile-empty 1: there is no FROM in the file"]],
    ["\n\nFRM a\n", ["dockerfile-instruction 3: unknown instruction FRM"]],
    ["RUN true\nFROM a\n", ["dockerfile-order 1: RUN stands before the first FROM"]],
    ["FROM a\n\n# x\nFROB \\\n y\n", ["dockerfile-instruction 4: unknown instruction FROB"]],
    ["FROM\n", ["dockerfile-from 1: FROM names no image"]],
    ["FROM a b\n", ["dockerfile-from 1: FROM is followed by 'a b'"]],
    ["FROM a AS 1x\n", ["dockerfile-from 1: '1x' is no name of a stage"]],
    ["ARG X\nFROM $X\n", ["dockerfile-from 2: '$X' is empty: an ARG before the first FROM must give it a value"]],
    ["FROM a\nRUN <<EOF\ntrue\n", ["dockerfile-heredoc 2: the text that begins with <<EOF does not end"]],
    ["# escape=x\nFROM a\n", ["dockerfile-directive 1: the escape character cannot be x"]],
  ])("says where: %j", (text, expected) => {
    expect(issues(text).toSorted()).toEqual(expected.toSorted());
  });

  it("names the stages when the target is none of them", () => {
    const { issues: wrong } = readDockerfile("FROM a AS one\nFROM b\n", { args: {}, target: "two" });
    const message = "there is no stage 'two' in the file";
    expect(wrong).toEqual([{ code: "dockerfile-target", line: 2, message, expected: "one of: one, 1" }]);
  });
});
