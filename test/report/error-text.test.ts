import { describe, expect, it } from "vitest";

import { DevcError } from "../../src/model/errors.ts";
import { asDevcError, errorDocumentOf } from "../../src/report/error-body.ts";
import { errorText } from "../../src/report/error-text.ts";
import { PLAIN } from "./plan-fixtures.ts";

const located = new DevcError("manifest-invalid", "2 errors in devc.yaml", {
  issues: [
    {
      code: "unknown-key",
      message: 'unknown key "profil"',
      position: { file: "devc.yaml", line: 12, column: 5, source: "    profil: strict" },
      expected: "one of path, image, profile",
      suggestion: "profile",
    },
    { code: "missing", message: "workspace is missing" },
  ],
  hint: "devc schema",
});

describe("an error for people", () => {
  it("shows each issue with its place, its line and a caret under the column", () => {
    expect(errorText(located, PLAIN)).toMatchInlineSnapshot(`
      "error: 2 errors in devc.yaml [manifest-invalid]

      devc.yaml:12:5: unknown key "profil" [unknown-key]
        12 │     profil: strict
           │     ^
        expected one of path, image, profile
        did you mean 'profile'?

      workspace is missing [missing]

      hint: devc schema
      "
    `);
  });

  it("shows details and what to do next", () => {
    const error = new DevcError("engine-not-found", "no container engine answered", {
      details: ["/run/docker.sock: no such file"],
      hint: "start Docker or Podman",
    });
    expect(errorText(error, PLAIN)).toMatchInlineSnapshot(`
      "error: no container engine answered [engine-not-found]
        /run/docker.sock: no such file
      hint: start Docker or Podman
      "
    `);
  });

  it("keeps the caret under its place where the line holds tabs or is very long", () => {
    const source = `\t${"x".repeat(300)}here`;
    const position = { file: "devc.yaml", line: 1, column: source.indexOf("here") + 1, source };
    const error = new DevcError("manifest-invalid", "1 error", { issues: [{ code: "bad", message: "no", position }] });
    const [line, caret] = errorText(error, PLAIN).split("\n").slice(3, 5) as [string, string];
    expect(line.slice(caret.indexOf("^"))).toBe("here");
    expect(line.length).toBeLessThan(120);
  });

  it("sends no control characters of the file to the terminal", () => {
    const position = { file: "devc.yaml", line: 1, column: 1, source: "\u001b[2J" };
    const error = new DevcError("manifest-invalid", "1 error", { issues: [{ code: "bad", message: "no", position }] });
    expect(errorText(error, PLAIN)).not.toContain("\u001b");
  });
});

describe("an error as data", () => {
  it("carries code, exit code and positions", () => {
    expect(errorDocumentOf(located)).toMatchObject({
      format: "devc.error/1",
      error: {
        code: "manifest-invalid",
        exitCode: 64,
        issues: [{ code: "unknown-key", file: "devc.yaml", line: 12, column: 5 }, { code: "missing" }],
      },
    });
  });

  it("turns what nobody expected into an internal error that keeps its stack", () => {
    const error = asDevcError(new TypeError("x is undefined"));
    expect(error.code).toBe("internal");
    expect(error.details.join("\n")).toContain("error-text.test.ts");
  });
});
