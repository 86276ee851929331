import { expect, it } from "vitest";

import { plainProgress } from "../../../src/report/progress/plain.ts";
import { quietProgress } from "../../../src/report/progress/quiet.ts";
import { desiredOf, liveOf } from "../../support/workspace.ts";
import { PLAIN, viewOf } from "../plan-fixtures.ts";
import { createStage, startOf } from "./harness.ts";

const view = viewOf(desiredOf({ web: {} }), liveOf(desiredOf({})));

it("writes one line per step, without escape codes", () => {
  const stage = createStage();
  const progress = plainProgress({ ...stage, style: PLAIN, view });
  const op = startOf("web");
  progress.emit({ type: "op_start", op });
  progress.emit({ type: "op_progress", op, status: "pulling", current: 1, total: 2 });
  progress.emit({ type: "op_done", op, durationMs: 3 });
  progress.emit({ type: "op_failed", op, code: "engine-error", message: "no \u001b[31mspace", details: [] });
  progress.emit({ type: "resource_done", address: "sandbox/web", result: "failed" });
  progress.close();
  expect(stage.written).toEqual([
    "sandbox/web: start\n",
    "sandbox/web: start: failed: no \\x1b[31mspace\n",
    "sandbox/web: failed\n",
  ]);
});

it("writes nothing when it is quiet, except what others say", () => {
  const stage = createStage();
  const progress = quietProgress({ ...stage, style: PLAIN, view });
  progress.emit({ type: "op_start", op: startOf("web") });
  progress.aside("error\n");
  progress.close();
  expect(stage.written).toEqual(["error\n"]);
});
