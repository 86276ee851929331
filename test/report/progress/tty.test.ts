import { describe, expect, it } from "vitest";

import { ttyProgress } from "../../../src/report/progress/tty.ts";
import { desiredOf, liveOf } from "../../support/workspace.ts";
import { PLAIN, viewOf } from "../plan-fixtures.ts";
import { createStage, screenOf, startOf } from "./harness.ts";
import type { Stage } from "./harness.ts";

function start(stage: Stage, projects: string[]) {
  const desired = desiredOf(Object.fromEntries(projects.map((name) => [name, {}])));
  const view = viewOf(desired, liveOf(desiredOf({})));
  // Images are present in this plan's engine or not; here only the sandboxes matter.
  view.plan.changes = view.plan.changes.filter(({ kind }) => kind === "sandbox");
  return ttyProgress({ stream: stage.stream, style: PLAIN, clock: stage.clock, view });
}

describe("progress on a terminal", () => {
  it("keeps one row per project, with what it does and for how long", async () => {
    const stage = createStage();
    const progress = start(stage, ["api", "web"]);
    progress.emit({ type: "op_start", op: startOf("web") });
    await stage.advance(1500);
    expect(screenOf(stage.written)).toEqual(["  · api   ", "  ⠙ web   start   1.5 s", ""]);
    progress.close();
  });

  it("leaves the row of a project that is done, with the time it took", async () => {
    const stage = createStage();
    const progress = start(stage, ["web"]);
    progress.emit({ type: "op_start", op: startOf("web") });
    await stage.advance(2000);
    progress.emit({ type: "resource_done", address: "sandbox/web", result: "done" });
    await stage.advance(60_000);
    progress.close();
    expect(screenOf(stage.written)).toEqual(["  ✓ web   2 s", ""]);
  });

  it("shows why a project failed", () => {
    const stage = createStage();
    const progress = start(stage, ["web"]);
    progress.emit({ type: "op_start", op: startOf("web") });
    progress.emit({ type: "op_failed", op: startOf("web"), code: "engine-error", message: "no space", details: [] });
    progress.emit({ type: "resource_done", address: "sandbox/web", result: "failed" });
    progress.close();
    expect(screenOf(stage.written)[0]).toBe("  ✗ web   no space   0 ms");
  });

  it("shows how far a pull is", async () => {
    const stage = createStage();
    const progress = start(stage, ["web"]);
    const op = startOf("web");
    progress.emit({ type: "op_progress", op, status: "pulling", current: 12 * 1024 ** 2, total: 30 * 1024 ** 2 });
    await stage.advance(100);
    expect(screenOf(stage.written)[0]).toContain("pulling 12 MiB of 30 MiB");
    progress.close();
  });

  it("shows beneath a row what its operation printed last, made safe and cut to the width, until it ends", async () => {
    const stage = createStage({ columns: 40, rows: 24 });
    const progress = start(stage, ["api", "web"]);
    const op = startOf("web");
    progress.emit({ type: "op_start", op });
    progress.emit({ type: "op_output", op, line: "first" });
    progress.emit({ type: "op_output", op, line: "\u001b[31madded 214 packages in 3 seconds" });
    progress.emit({ type: "op_output", op, line: "   " });
    await stage.advance(100);
    expect(screenOf(stage.written)).toEqual([
      "  · api   ",
      "  ⠙ web   start   100 ms",
      "            \\x1b[31madded 214 packages…",
      "",
    ]);
    progress.emit({ type: "op_start", op: startOf("web", 2) });
    progress.close();
    expect(screenOf(stage.written)).toEqual(["  · api   ", "  ⠹ web   start   100 ms", ""]);
  });

  it("shows output only where the terminal has room for it", async () => {
    const stage = createStage({ columns: 40, rows: 4 });
    const progress = start(stage, ["a", "b"]);
    for (const op of [startOf("a"), startOf("b")]) {
      progress.emit({ type: "op_start", op });
      progress.emit({ type: "op_output", op, line: "busy" });
    }
    await stage.advance(100);
    expect(screenOf(stage.written).map((line) => line.trim())).toEqual([
      "⠙ a   start   100 ms",
      "busy",
      "⠙ b   start   100 ms",
      "",
    ]);
    progress.close();
  });

  it("fits the height of the terminal, active projects first, and tells how many more there are", async () => {
    const stage = createStage({ columns: 80, rows: 5 });
    const names = Array.from({ length: 20 }, (_, at) => `p${String(at).padStart(2, "0")}`);
    const progress = start(stage, names);
    progress.emit({ type: "op_start", op: startOf("p19") });
    await stage.advance(100);
    expect(screenOf(stage.written)).toEqual([
      "  · p00   ",
      "  · p01   ",
      "  ⠙ p19   start   100 ms",
      "  … 17 more",
      "",
    ]);
    progress.close();
    expect(screenOf(stage.written)).toHaveLength(21);
  });

  it("never writes a line that is wider than the terminal", async () => {
    const stage = createStage({ columns: 40, rows: 24 });
    const progress = start(stage, ["web"]);
    progress.emit({ type: "op_progress", op: startOf("web"), status: "x".repeat(200), current: 0, total: 0 });
    await stage.advance(100);
    expect(screenOf(stage.written).every(({ length }) => length <= 40)).toBe(true);
    progress.close();
  });

  it("is not torn by other text", async () => {
    const stage = createStage();
    const progress = start(stage, ["web"]);
    await stage.advance(100);
    progress.aside("Waiting\n");
    await stage.advance(100);
    progress.close();
    expect(screenOf(stage.written)).toEqual(["Waiting", "  · web   ", ""]);
  });

  it("writes nothing after it was closed", async () => {
    const stage = createStage();
    const progress = start(stage, ["web"]);
    progress.close();
    const before = stage.written.length;
    await stage.advance(1000);
    expect(stage.written).toHaveLength(before);
  });
});
