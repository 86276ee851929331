import { describe, expect, it } from "vitest";

import { BUILD_LABEL } from "../../src/model/devcontainer/build.ts";
import { NOTHING_LIVE } from "../../src/reconcile/live.ts";
import { planText } from "../../src/report/plan-text.ts";
import { desiredOf, hooksRecordOf, imageFacts, imagesPresent, liveOf } from "../support/workspace.ts";
import type { ProjectOptions } from "../support/workspace.ts";
import { PLAIN, viewOf } from "./plan-fixtures.ts";

const brief = { verbose: false };
const BUILT: ProjectOptions = { build: { bases: ["debian:12"] }, awaitsImage: true };
const HOOKS = { postCreate: ["npm ci"], postStart: ["date"], postAttach: ["true"] };

/** The blocks of a plan without the first line and the last. */
function blocksOf(...view: Parameters<typeof viewOf>): string {
  return planText(viewOf(...view), PLAIN, brief)
    .split("\n")
    .slice(2, -3)
    .join("\n");
}

describe("the plan for people, of devcontainer projects", () => {
  it("says what is built, what is pulled for it, and that the rest is known later", () => {
    expect(planText(viewOf(desiredOf({ web: BUILT }), NOTHING_LIVE), PLAIN, brief)).toMatchInlineSnapshot(`
      "acme · Docker 28.5.2 (unix:///run/docker.sock)

        + web      create
            image         devc-acme-web:built
            network       none
            limits        no limits
            capabilities  the engine's default
            the rest      known after the image is there
            image         build devc-acme-web:built   # pulls debian:12

      Plan: 1 to create; 1 image to pull, 1 image to build.   (118 ms)
      Next: devc apply
      "
    `);
  });

  it("says why an image is built again and that its sandbox will most likely be replaced", () => {
    const desired = desiredOf({ web: BUILT });
    const live = liveOf(desired, () => ({ imageId: "sha256:b" }));
    const images = {
      ...imagesPresent(),
      "devc-acme-web:built": imageFacts("sha256:b", { [BUILD_LABEL.inputs]: "i0" }),
    };
    expect(blocksOf(desired, { ...live, images })).toMatchInlineSnapshot(`
      "  ± web      replace
            the rest      known after the image is there
            image         build devc-acme-web:built   # what it is built from changed
      "
    `);
  });

  it("names the phases whose commands will run, without those of an attach", () => {
    const live = { ...NOTHING_LIVE, images: imagesPresent() };
    expect(blocksOf(desiredOf({ web: { hooks: HOOKS } }), live)).toContain("commands      postCreate, postStart\n");
  });

  it("tells commands that are left from an apply that was interrupted", () => {
    const desired = desiredOf({ web: { hooks: HOOKS } });
    const live = { ...liveOf(desired), volumes: [hooksRecordOf("web", "id-web")] };
    expect(blocksOf(desired, live)).toMatchInlineSnapshot(`
      "  ↻ web      run its commands
            commands      postCreate, postStart   # those that have not succeeded yet
      "
    `);
  });

  it("shows notices with what to do about them", () => {
    const notices = [
      { code: "not-granted", project: "web", message: "asked, not granted: privileged", hint: "write X" },
    ];
    const desired = { ...desiredOf({ web: {} }), notices };
    expect(planText(viewOf(desired, liveOf(desired)), PLAIN, brief)).toContain(
      "Note: web: asked, not granted: privileged\n      write X\n",
    );
  });

  it("shows that a value of the host changed without showing it", () => {
    const envOf = (digit: string) => ({ MODE: `hosts:${digit.repeat(32)}` });
    const text = blocksOf(desiredOf({ web: { env: envOf("b") } }), liveOf(desiredOf({ web: { env: envOf("a") } })));
    expect(text).toContain("env.MODE      (host value aaaaaa) → (host value bbbbbb)");
  });

  it("shows the fields that a devcontainer.json adds in words", () => {
    const fields = {
      init: true,
      shmSize: 64 * 1024 ** 2,
      ulimits: { nofile: { soft: 1024, hard: 2048 } },
      extraHosts: { db: "10.0.0.1" },
      groups: { docker: true },
      readOnlyRoot: true,
    } as const;
    expect(blocksOf(desiredOf({ web: fields }), liveOf(desiredOf({ web: {} })))).toMatchInlineSnapshot(`
      "  ! web      replace           loosens security — needs approval
            host db         + 10.0.0.1   # replaces the container
            groups          + docker   # replaces the container
            init            no → yes   # replaces the container
            read-only root  no → yes   # replaces the container
            shm size        the engine's choice → 64 MiB   # replaces the container
            ulimit nofile   the engine's choice → 1024:2048   # replaces the container
            security        tightens writing the root file system, loosens group docker
      "
    `);
  });
});
