import { describe, expect, it } from "vitest";

import { planText } from "../../src/report/plan-text.ts";
import { desiredOf, liveOf } from "../support/workspace.ts";
import { ASCII, COLOURED, PLAIN, viewOf } from "./plan-fixtures.ts";

const GIB = 1024 ** 3;
const brief = { verbose: false };

describe("the plan for people", () => {
  it("says that nothing changes, how many sandboxes match, and what they match", () => {
    const desired = desiredOf({ api: {}, docs: {}, web: {} });
    expect(planText(viewOf(desired, liveOf(desired)), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

      No changes. 3 sandboxes match devc.yaml.   (118 ms)
      "
    `);
  });

  it("shows a first apply with the few facts of each new sandbox", () => {
    const desired = desiredOf({
      api: {
        resources: { memory: 4 * GIB, nanoCpus: 2e9, pids: 512 },
        capabilities: { drop: { ALL: true } },
        mounts: { "/workspaces/api": { type: "bind", source: "/src/acme/api" } },
      },
      web: { open: true, volumes: ["cache"], image: "node:24" },
    });
    expect(planText(viewOf(desired, liveOf(desiredOf({}))), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

        + api      create
            image         debian:12
            network       none
            limits        2 CPUs, 4 GiB, 512 pids
            capabilities  none
            host folder   /src/acme/api at /workspaces/api
        + web      create
            image         node:24
            network       open
            limits        no limits
            capabilities  the engine's default
            image         pull node:24
            network       + create
            volume cache  + create

      Plan: 2 to create; 1 image to pull, 1 volume to create, 1 network to create.   (118 ms)
      Next: devc apply
      "
    `);
  });

  it("aligns old and new values and says which field replaces the container", () => {
    const live = liveOf(desiredOf({ api: { env: { MODE: "a" } }, docs: {}, web: { resources: { memory: 4 * GIB } } }));
    const desired = desiredOf({
      api: { env: { MODE: "b", EXTRA: "1" }, image: "debian:13" },
      docs: {},
      web: { resources: { memory: 6 * GIB, pids: 100 } },
    });
    expect(planText(viewOf(desired, live), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

        ± api      replace
            image         debian:12 → debian:13   # replaces the container
            env.MODE      a → b   # replaces the container
            env.EXTRA     + 1   # replaces the container
        ~ web      update in place
            memory        4 GiB → 6 GiB
            pids          no limit → 100
            security      loosens memory limit, tightens pids limit

      Plan: 1 to update, 1 to replace, 1 unchanged.   (118 ms)
      Next: devc apply
      "
    `);
  });

  it("asks for approval where a sandbox may do more than before", () => {
    const live = liveOf(desiredOf({ docs: { capabilities: { drop: { ALL: true } } } }));
    const desired = desiredOf({ docs: { capabilities: { drop: { ALL: true }, add: { SYS_PTRACE: true } } } });
    expect(planText(viewOf(desired, live), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

        ! docs     replace           loosens security — needs approval
            capabilities  + SYS_PTRACE   # replaces the container
            security      loosens capability SYS_PTRACE

      Plan: 1 to replace, 1 needs approval.   (118 ms)
      Next: devc apply
      "
    `);
  });

  it("marks drift on the field that drifted", () => {
    const desired = desiredOf({ api: {}, web: {} });
    const live = liveOf(desired, ({ name }) => (name.endsWith("web") ? { state: "exited" } : { name: "renamed" }));
    expect(planText(viewOf(desired, live), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

        ~ api      update in place   drift
            name          renamed → devc-acme-api   # drift
        ↻ web      start             drift
            state         stopped → running   # drift

      Plan: 1 to update, 1 to start.   (118 ms)
      Next: devc apply
      "
    `);
  });

  it("says what is deleted, which volumes stay, and what blocks", () => {
    const live = liveOf(desiredOf({ a: { volumes: ["data"] }, b: {}, c: {}, d: { open: true } }));
    expect(planText(viewOf(desiredOf({}), live), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

        ! a        delete            blocked, no longer declared
            blocked       the plan deletes 4 of 4 sandboxes   # if that is meant, run again with --allow-delete 4
        ! b        delete            blocked, no longer declared
            blocked       the plan deletes 4 of 4 sandboxes   # if that is meant, run again with --allow-delete 4
        ! c        delete            blocked, no longer declared
            blocked       the plan deletes 4 of 4 sandboxes   # if that is meant, run again with --allow-delete 4
        ! d        delete            blocked, no longer declared
            blocked       the plan deletes 4 of 4 sandboxes   # if that is meant, run again with --allow-delete 4
            network       − delete

      Kept: volume/a/data — volumes hold data and stay; --prune-volumes deletes it

      Plan: 4 to delete, 4 blocked; 1 network to delete.   (118 ms)
      "
    `);
  });

  it("lists objects that only look like ours and notices", () => {
    const desired = desiredOf({ web: {} });
    desired.notices.push({ code: "clamped", project: "web", message: "8 CPUs are more than the engine's 4" });
    const live = liveOf(desired);
    live.containers.push({
      ...(live.containers[0] as (typeof live.containers)[number]),
      id: "foreign",
      name: "copy\u001b[2J",
      labels: { "devc.workspace": "acme" },
    });
    expect(planText(viewOf(desired, live), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

      Note: web: 8 CPUs are more than the engine's 4
      Left alone: container copy\\x1b[2J — label devc.root is missing

      No changes. 1 sandbox matches devc.yaml.   (118 ms)
      "
    `);
  });

  it("hides values of variables whose names look secret", () => {
    const live = liveOf(desiredOf({ web: { env: { NPM_TOKEN: "old-secret" } } }));
    const text = planText(viewOf(desiredOf({ web: { env: { NPM_TOKEN: "new-secret" } } }), live), PLAIN, brief);
    expect(text).toContain("env.NPM_TOKEN");
    expect(text).not.toMatch(/(old|new)-secret/);
  });

  it("shows values of other variables, so that the hiding is not that of everything", () => {
    const live = liveOf(desiredOf({ web: { env: { MODE: "old-mode" } } }));
    expect(planText(viewOf(desiredOf({ web: { env: { MODE: "new-mode" } } }), live), PLAIN, brief)).toContain(
      "old-mode → new-mode",
    );
  });

  it("shows every field of a creation when it is asked to be verbose", () => {
    const desired = desiredOf({ web: { env: { MODE: "x" }, user: "1000:1000" } });
    const text = planText(viewOf(desired, liveOf(desiredOf({}))), PLAIN, { verbose: true });
    expect(text).toContain("env.MODE");
    expect(text).toContain("1000:1000");
  });

  it("needs nothing beyond ASCII where the terminal has nothing more", () => {
    const live = liveOf(
      desiredOf({ api: {}, web: { resources: { memory: GIB }, capabilities: { add: { CHOWN: true } } } }),
    );
    const desired = desiredOf({ web: { image: "debian:13", resources: { memory: 2 * GIB } } });
    const text = planText(viewOf(desired, live), ASCII, brief);
    // oxlint-disable-next-line no-control-regex -- the range of ASCII is what is tested
    expect(text).toMatch(/^[\u0000-\u007f]*$/);
    expect(text).toContain("1 GiB -> 2 GiB");
  });

  it("repeats in colour what the symbols say, and nothing else", () => {
    const live = liveOf(desiredOf({ web: { resources: { memory: GIB } } }));
    const view = viewOf(desiredOf({ api: {}, web: { resources: { memory: 2 * GIB } } }), live);
    const coloured = planText(view, COLOURED, brief);
    expect(coloured).toContain("\u001b[33m~\u001b[0m");
    // oxlint-disable-next-line no-control-regex -- escape codes are what is taken away
    expect(coloured.replaceAll(/\u001b\[\d+m/g, "")).toBe(planText(view, PLAIN, brief));
  });

  it("says that an offline plan is compared with an empty engine", () => {
    const { engine: _engine, ...view } = viewOf(desiredOf({ web: {} }), liveOf(desiredOf({})));
    expect(planText(view, PLAIN, brief)).toContain("acme · offline: compared with an empty engine");
  });
});
