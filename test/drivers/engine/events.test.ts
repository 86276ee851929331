import { describe, expect, it } from "vitest";

import { eventOf } from "../../../src/drivers/engine/events.ts";

const container = (Action: string, more: Record<string, string> = {}) => ({
  Type: "container",
  Action,
  Actor: { ID: "c1", Attributes: { name: "web", image: "debian", "devc.workspace": "acme", ...more } },
  time: 1_700_000_000,
  timeNano: 1_700_000_000_123_456_800,
});

describe("an event", () => {
  it("carries ID, name, labels and milliseconds", () => {
    expect(eventOf(container("die", { exitCode: "137", podId: "" }))).toEqual({
      kind: "container",
      action: "die",
      id: "c1",
      name: "web",
      labels: { "devc.workspace": "acme" },
      time: 1_700_000_000_123,
    });
  });

  it.each([
    ["remove", "destroy"],
    ["destroy", "destroy"],
    ["died", "die"],
    ["health_status: healthy", "health_status"],
  ])("'%s' is called %s", (action, name) => {
    expect(eventOf(container(action))?.action).toBe(name);
  });

  it.each([
    "exec_create: sh -c true",
    "exec_start: sh",
    "exec_die",
    "exec",
    "attach",
    "mount",
    "init",
    "cleanup",
    "top",
    "resize",
  ])("'%s' changes nothing and is left out", (action) => {
    expect(eventOf(container(action))).toBeUndefined();
  });

  it("of a volume is known by its name where there is no ID", () => {
    const line = { Type: "volume", Action: "remove", Actor: { ID: "", Attributes: { name: "v" } }, time: 1 };
    expect(eventOf(line)).toMatchObject({ kind: "volume", action: "destroy", id: "v", name: "v", time: 1000 });
  });

  it("of an image is a delete, and of other kinds is left out", () => {
    expect(eventOf({ Type: "image", Action: "remove", Actor: { ID: "i" }, time: 1 })).toMatchObject({
      action: "delete",
    });
    expect(eventOf({ Type: "daemon", Action: "reload", time: 1 })).toBeUndefined();
  });
});
