import { Ajv2020 } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";

import { DevcError } from "../../../src/model/errors.ts";
import type { ResourceResult } from "../../../src/reconcile/events.ts";
import { documentSchema, DOCUMENTS } from "../../../src/report/documents/schemas.ts";
import type { DocumentName } from "../../../src/report/documents/schemas.ts";
import { errorDocumentOf } from "../../../src/report/error-body.ts";
import { errorLine, planLine, summaryLine, versionLine } from "../../../src/report/event-lines.ts";
import { planDocumentOf } from "../../../src/report/plan-json.ts";
import { jsonProgress } from "../../../src/report/progress/json.ts";
import { expectDocument } from "../../support/json-schema.ts";
import { desiredOf, liveOf } from "../../support/workspace.ts";
import { PLAIN, viewOf } from "../plan-fixtures.ts";
import { createStage } from "../progress/harness.ts";

const names = Object.keys(DOCUMENTS) as DocumentName[];

/** A plan with every kind of change. */
function richView() {
  const before = { old: { volumes: ["data"] }, image: {}, limits: { resources: { memory: 1024 ** 3 } }, down: {} };
  const after = {
    image: { image: "node:24", env: { NPM_TOKEN: "hunter2" }, mounts: { "/x": { type: "tmpfs", size: 1 } as const } },
    limits: { resources: { memory: 2 * 1024 ** 3, nanoCpus: 1e9, pids: 5 } },
    down: {},
    built: {
      build: { args: { NPM_TOKEN: "hunter2" }, bases: ["debian:12"], secrets: { npm: { env: "NPM_TOKEN" } } },
      awaitsImage: true as const,
    },
    hooked: { hooks: { postCreate: ["npm ci"], postStart: ["date"] } },
    fresh: { open: true, volumes: ["cache"], capabilities: { drop: { ALL: true as const } }, user: "1000" },
  };
  const live = liveOf(desiredOf(before), ({ name }) => (name.endsWith("down") ? { state: "exited" } : {}));
  return viewOf(desiredOf(after), live, { pruneVolumes: true });
}

describe("published schemas", () => {
  it.each(names)("%s is a valid JSON Schema that allows members of later versions", (name) => {
    const schema = documentSchema(name);
    expect(() => new Ajv2020({ strict: false, validateFormats: false }).compile(schema)).not.toThrow();
    if (name !== "saved-plan") expect(JSON.stringify(schema)).not.toContain('"additionalProperties":false');
  });
});

describe("the plan document", () => {
  it("matches its schema for every kind of change", () => {
    const { summary } = richView().plan;
    expect([summary.create, summary.replace, summary.update, summary.delete, summary.start].every(Boolean)).toBe(true);
    expectDocument(DOCUMENTS.plan, planDocumentOf(richView()));
  });

  it("leaves out what does not change and counts it", () => {
    const desired = desiredOf({ web: {} });
    const document = planDocumentOf(viewOf(desired, liveOf(desired)));
    expect(document.changes).toEqual([]);
    expect(document.summary.unchanged).toBeGreaterThan(0);
  });

  it("holds no value of a secret-looking variable, neither in patches nor in operations", () => {
    const text = JSON.stringify(planDocumentOf(richView()));
    expect(text).toContain("NPM_TOKEN");
    expect(text).not.toContain("hunter2");
  });
});

describe("the event stream", () => {
  it("begins with its version and the plan, and every line matches the schema", () => {
    const stage = createStage();
    const view = richView();
    for (const line of [versionLine("0.1.0"), planLine(view, 0)]) stage.stream.write(JSON.stringify(line));
    const progress = jsonProgress({ stream: stage.stream, style: PLAIN, clock: stage.clock, view });
    for (const op of view.plan.ops) {
      progress.emit({ type: "op_start", op });
      progress.emit({ type: "op_progress", op, status: "pulling", current: 1, total: 2 });
      progress.emit({ type: "op_output", op, line: "step 1" });
      progress.emit({ type: "op_done", op, durationMs: 5 });
      progress.emit({ type: "op_failed", op, code: "engine-error", message: "no", details: ["a"] });
      progress.emit({ type: "op_undo", op, message: "container.remove" });
    }
    progress.emit({ type: "resource_done", address: "sandbox/image", result: "done" });
    const failed: ResourceResult = {
      address: "sandbox/image",
      result: "failed",
      error: { code: "engine-error", message: "no", details: [] },
    };
    const outcome = { resources: [failed], interrupted: false, planned: view.plan.summary, durationMs: 9 };
    stage.stream.write(JSON.stringify(summaryLine(outcome, 0)));
    stage.stream.write(JSON.stringify(errorLine(new DevcError("refused", "no"), 0)));
    const lines = stage.written.map((line) => JSON.parse(line) as { type: string; format?: string });
    expect(lines.slice(0, 2).map(({ type }) => type)).toEqual(["version", "plan"]);
    expect(lines[0]?.format).toBe("devc.events/1");
    for (const line of lines) expectDocument(DOCUMENTS.events, line);
    expect(stage.written.join("")).not.toContain("hunter2");
  });
});

it("writes an error as a document that matches its schema", () => {
  const position = { file: "devc.yaml", line: 1, column: 2, source: "x" };
  const issues = [{ code: "bad", message: "no", position, expected: "y", suggestion: "z" }];
  const error = new DevcError("manifest-invalid", "1 error", { issues, hint: "h", subject: "s", details: ["d"] });
  expectDocument(DOCUMENTS.error, errorDocumentOf(error));
});
