import { describe, expect, it } from "vitest";

import { DEVCONTAINER_LABEL } from "../../src/model/devcontainer/labels.ts";
import { NOTHING_LIVE } from "../../src/reconcile/live.ts";
import { plan } from "../../src/reconcile/plan.ts";
import { planText } from "../support/plan-text.ts";
import { containerOf, desiredOf, hooksRecordOf, imagesPresent, liveOf, sandboxOf } from "../support/workspace.ts";

const HOOKS = { postCreate: ["npm ci"], postStart: ["date"] };
const WANTED = desiredOf({ web: { hooks: HOOKS } });

/** The engine when commands of the sandbox are still to run. */
function pending(change: Parameters<typeof liveOf>[1] = () => ({})) {
  return { ...liveOf(WANTED, change), volumes: [hooksRecordOf("web", "id-web")] };
}

describe("commands of a devcontainer.json", () => {
  it("run after every first start, noted before the container can run; when one fails, the sandbox stays", () => {
    expect(planText(plan(WANTED, { ...NOTHING_LIVE, images: imagesPresent() }))).toMatchInlineSnapshot(`
      "create sandbox/web: missing
      #1 sandbox/web container.create devc-acme-web
      1 -> #2 sandbox/web hooks.begin #1 | undo container.remove, hooks.end
      2 -> #3 sandbox/web container.start #1 | undo container.remove, hooks.end
      3 -> #4 sandbox/web container.wait #1 | undo container.remove, hooks.end
      4 -> #5 sandbox/web hooks.run #1
      5 -> #6 sandbox/web hooks.end #1"
    `);
  });

  it("run in the candidate of a replacement before the old sandbox stops; when one fails, the candidate goes", () => {
    const live = liveOf(desiredOf({ web: { hooks: HOOKS, env: { OLD: "1" } } }));
    expect(planText(plan(WANTED, live))).toMatchInlineSnapshot(`
      "replace sandbox/web: field-changed /env
      #1 sandbox/web container.create devc-acme-web.next
      1 -> #2 sandbox/web hooks.begin #1 | undo container.remove, hooks.end
      2 -> #3 sandbox/web container.start #1 | undo container.remove, hooks.end
      3 -> #4 sandbox/web container.wait #1 | undo container.remove, hooks.end
      4 -> #5 sandbox/web hooks.run #1 | undo container.remove, hooks.end
      5 -> #6 sandbox/web hooks.end #1
      6 -> #7 sandbox/web container.stop id-web
      7 -> #8 sandbox/web container.rename devc-acme-web.prev id-web
      8 -> #9 sandbox/web container.rename devc-acme-web #1
      9 -> #10 sandbox/web container.remove id-web"
    `);
  });

  it("run again after a start of what was stopped", () => {
    const text = planText(
      plan(
        WANTED,
        liveOf(WANTED, () => ({ state: "exited" })),
      ),
    );
    expect(text).toMatchInlineSnapshot(`
      "start sandbox/web [drift]: stopped /state
      #1 sandbox/web hooks.begin id-web
      1 -> #2 sandbox/web container.start id-web
      2 -> #3 sandbox/web container.wait id-web
      3 -> #4 sandbox/web hooks.run id-web
      4 -> #5 sandbox/web hooks.end id-web"
    `);
  });

  it("are finished in a sandbox that runs and in which not all have succeeded", () => {
    expect(planText(plan(WANTED, pending()))).toMatchInlineSnapshot(`
      "resume sandbox/web: hooks-pending
      #1 sandbox/web container.wait id-web
      1 -> #2 sandbox/web hooks.run id-web
      2 -> #3 sandbox/web hooks.end id-web"
    `);
  });

  it("are noted once: a sandbox that is started and has a note gets no second one", () => {
    const { ops, changes } = plan(
      WANTED,
      pending(() => ({ state: "exited" })),
    );
    expect(ops.map(({ op }) => op)).toEqual(["container.start", "container.wait", "hooks.run", "hooks.end"]);
    expect(changes.find(({ kind }) => kind === "sandbox")?.action).toBe("start");
  });

  it("are finished after a paused sandbox goes on", () => {
    const { ops } = plan(
      WANTED,
      pending(() => ({ state: "paused" })),
    );
    expect(ops.map(({ op }) => op)).toEqual(["container.unpause", "container.wait", "hooks.run", "hooks.end"]);
  });

  it("stay noted while the sandbox shall not run", () => {
    const stopped = desiredOf({ web: { hooks: HOOKS, state: "stopped" } });
    const live = { ...liveOf(stopped), volumes: [hooksRecordOf("web", "id-web")] };
    expect(planText(plan(stopped, live))).toBe("");
  });

  it("are forgotten when the devcontainer.json has none any more", () => {
    const none = desiredOf({ web: {} });
    expect(planText(plan(none, { ...liveOf(none), volumes: [hooksRecordOf("web", "id-web")] }))).toMatchInlineSnapshot(`
      "resume sandbox/web: hooks-pending
      #1 sandbox/web hooks.end id-web"
    `);
  });

  it("of an attach only make no start longer", () => {
    const { ops } = plan(desiredOf({ web: { hooks: { postAttach: ["date"] } } }), {
      ...NOTHING_LIVE,
      images: imagesPresent(),
    });
    expect(ops.map(({ op }) => op)).toEqual(["container.create", "container.start", "container.wait"]);
  });

  it("go with their sandbox: the note is removed with the container, or when the container is gone", () => {
    expect(planText(plan(desiredOf({}), pending()))).toMatchInlineSnapshot(`
      "delete sandbox/web: not-declared
      #1 sandbox/web container.stop id-web
      1 -> #2 sandbox/web container.remove id-web
      2 -> #3 sandbox/web volume.remove devc-acme-web.hooks-id-web"
    `);
    expect(planText(plan(desiredOf({}), { ...pending(), containers: [] }))).toMatchInlineSnapshot(`
      "delete hooks/web: stale-record
      #1 hooks/web volume.remove devc-acme-web.hooks-id-web"
    `);
  });

  it("do not touch a protected sandbox that would be replaced", () => {
    const desired = desiredOf({ web: { hooks: HOOKS, env: { NEW: "1" }, protect: true } });
    expect(plan(desired, pending()).ops).toEqual([]);
  });
});

describe("a candidate that a crash left", () => {
  const before = liveOf(desiredOf({ web: { hooks: HOOKS, env: { OLD: "1" } } }));
  const sandbox = sandboxOf(WANTED, "web");
  const candidate = (state: "created" | "running") =>
    containerOf(sandbox, { id: "id-next", name: "devc-acme-web.next", state });
  const withCandidate = (state: "created" | "running", noted: boolean) => ({
    ...before,
    containers: [...before.containers, candidate(state)],
    volumes: noted ? [hooksRecordOf("web", "id-next")] : [],
  });
  const opsOf = (live: typeof before, desired = WANTED) => plan(desired, live).ops.map(({ op }) => op);
  const takeover = ["container.stop", "container.rename", "container.rename", "container.remove"];

  it.each([
    [
      "was not noted yet",
      "created",
      false,
      ["hooks.begin", "container.start", "container.wait", "hooks.run", "hooks.end"],
    ],
    ["was not started yet", "created", true, ["container.start", "container.wait", "hooks.run", "hooks.end"]],
    ["has commands left", "running", true, ["container.wait", "hooks.run", "hooks.end"]],
    ["has run all its commands", "running", false, ["container.wait"]],
  ] as const)("goes on where it was: it %s", (_title, state, noted, steps) => {
    expect(opsOf(withCandidate(state, noted))).toEqual([...steps, ...takeover]);
  });

  it("is made anew when the devcontainer.json changed since: other commands ran in it", () => {
    const changed = desiredOf({ web: { hooks: { postCreate: ["npm install"] } } });
    const { ops } = plan(changed, withCandidate("running", true));
    expect(ops.slice(0, 3).map(({ op }) => op)).toEqual(["container.remove", "volume.remove", "container.create"]);
  });

  it("does not take over from the one that was there while it has commands left", () => {
    const old = {
      ...(before.containers[0] as (typeof before.containers)[number]),
      name: "devc-acme-web.prev",
      state: "exited",
    } as const;
    const live = { ...withCandidate("running", true), containers: [old, candidate("running")] };
    expect(planText(plan(WANTED, live))).toContain("#1 sandbox/web container.remove id-next");
  });
});

describe("the labels of a devcontainer", () => {
  const { labels = {} } = sandboxOf(WANTED, "web").devcontainer ?? {};

  it("are given to the container that is made", () => {
    const { ops } = plan(WANTED, { ...NOTHING_LIVE, images: imagesPresent() });
    expect(ops[0]).toMatchObject({ op: "container.create", labels });
  });

  it("are told of, and nothing else, when a container that stays has others", () => {
    const old = { [DEVCONTAINER_LABEL.metadata]: "[]" };
    const live = liveOf(WANTED, (container) => ({ labels: { ...container.labels, ...old } }));
    const { ops, notices } = plan(WANTED, live);
    expect(ops).toEqual([]);
    expect(notices).toEqual([
      {
        code: "stale-metadata",
        project: "web",
        message: "other tools see the devcontainer.json the sandbox was made with until it is replaced",
      },
    ]);
  });

  it("are not told of when the container is replaced", () => {
    const live = liveOf(desiredOf({ web: { env: { OLD: "1" } } }));
    expect(plan(WANTED, live).notices).toEqual([]);
  });
});

describe("a container that another tool made for the folder of a sandbox", () => {
  const { labels = {} } = sandboxOf(WANTED, "web").devcontainer ?? {};
  const theirs = { ...containerOf(sandboxOf(WANTED, "web"), { id: "0123456789abcdef", name: "happy_fermi" }), labels };

  it("is reported with what to do, and left alone", () => {
    const { foreign, ops } = plan(WANTED, { ...liveOf(WANTED), devcontainers: [theirs] });
    expect(ops).toEqual([]);
    expect(foreign).toEqual([
      {
        kind: "container",
        id: "0123456789abcdef",
        name: "happy_fermi",
        why: "another tool made it for /src/acme/web, and devc makes a sandbox of its own; remove it (docker rm -f 0123456789ab) or go on using it with that tool",
      },
    ]);
  });

  it.each([
    ["it is ours", liveOf(WANTED).containers[0] as typeof theirs],
    ["it is for another folder", { ...theirs, labels: { ...labels, [DEVCONTAINER_LABEL.folder]: "/elsewhere" } }],
    ["it is for another file", { ...theirs, labels: { ...labels, [DEVCONTAINER_LABEL.config]: "/elsewhere" } }],
    ["it is being removed", { ...theirs, state: "removing" as const }],
  ])("is not meant when %s", (_title, one) => {
    expect(plan(WANTED, { ...liveOf(WANTED), devcontainers: [one] }).foreign).toEqual([]);
  });
});
