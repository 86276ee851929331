import { expect, it } from "vitest";

import { plainProgress } from "../../../src/report/progress/plain.ts";
import { quietProgress } from "../../../src/report/progress/quiet.ts";
import { buildOf, desiredOf, liveOf } from "../../support/workspace.ts";
import { PLAIN, viewOf } from "../plan-fixtures.ts";
import { createStage, startOf } from "./harness.ts";

const view = viewOf(desiredOf({ web: {} }), liveOf(desiredOf({})));

it("writes one line per step, without escape codes", () => {
  const stage = createStage();
  const progress = plainProgress({ ...stage, style: PLAIN, view });
  const op = startOf("web");
  progress.emit({ type: "op_start", op });
  progress.emit({ type: "op_progress", op, status: "pulling", current: 1, total: 2 });
  progress.emit({ type: "op_output", op, line: "\u001b[2Jadded 214 packages" });
  progress.emit({ type: "op_done", op, durationMs: 3 });
  progress.emit({ type: "op_failed", op, code: "engine-error", message: "no \u001b[31mspace", details: [] });
  progress.emit({ type: "resource_done", address: "sandbox/web", result: "failed" });
  progress.close();
  expect(stage.written).toEqual([
    "sandbox/web: start\n",
    "web | \\x1b[2Jadded 214 packages\n",
    "sandbox/web: start: failed: no \\x1b[31mspace\n",
    "sandbox/web: failed\n",
  ]);
});

it("leaves out what the build of a layer of devc's own prints", () => {
  const stage = createStage();
  const progress = plainProgress({ ...stage, style: PLAIN, view });
  const build = buildOf({ dockerfile: { text: "FROM sha256:1" } });
  const op = {
    n: 1,
    address: "image/web/uid",
    op: "image.build",
    tag: "web:uid",
    build,
    after: [],
    cause: "",
  } as const;
  const other = { ...op, build: buildOf() };
  for (const each of [op, other]) progress.emit({ type: "op_output", op: { ...each, after: [] }, line: "Step 1" });
  expect(stage.written).toEqual(["web | Step 1\n"]);
});

it("writes nothing when it is quiet, except what others say", () => {
  const stage = createStage();
  const progress = quietProgress({ ...stage, style: PLAIN, view });
  progress.emit({ type: "op_start", op: startOf("web") });
  progress.aside("error\n");
  progress.close();
  expect(stage.written).toEqual(["error\n"]);
});
