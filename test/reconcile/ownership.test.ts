import { describe, expect, it } from "vitest";

import type { LiveContainer } from "../../src/drivers/engine/engine.ts";
import { LABEL } from "../../src/model/labels.ts";
import { claimContainer, claimVolume } from "../../src/reconcile/ownership.ts";
import { containerOf, desiredOf, recordOf, sandboxOf, ORIGIN } from "../support/workspace.ts";

const OURS = containerOf(sandboxOf(desiredOf({ web: {} }), "web"), { id: "id-web" });

function why(container: LiveContainer, imageLabels: Record<string, string> | undefined = {}): string {
  const claim = claimContainer(ORIGIN, container, imageLabels);
  return claim.ours ? `ours as ${claim.role}` : claim.why;
}

function withLabel(key: string, value: string): LiveContainer {
  return { ...OURS, labels: { ...OURS.labels, [key]: value } };
}

describe("ownership of containers", () => {
  it.each([
    ["its own name", OURS, "ours as final"],
    ["the name of a candidate", { ...OURS, name: "devc-acme-web.next" }, "ours as next"],
    ["the name of a former container", { ...OURS, name: "devc-acme-web.prev" }, "ours as prev"],
    ["a name devc never gives", { ...OURS, name: "mine" }, "ours as renamed"],
    ["another workspace", withLabel(LABEL.workspace, "other"), "another workspace"],
    ["another root", withLabel(LABEL.root, "/other"), "it belongs to /other"],
    ["an address of a volume", withLabel(LABEL.address, "volume/web/x"), "volume/web/x is no address of a container"],
    [
      "a changed spec label",
      withLabel(LABEL.spec, OURS.labels[LABEL.spec]!.replace("none", "bridge")),
      "its spec label does not match its hashes",
    ],
    ["a spec label that is no JSON", withLabel(LABEL.spec, "{"), "its spec label does not match its hashes"],
    ["no core label", withLabel(LABEL.core, ""), "label devc.core is missing"],
  ])("judges a container with %s", (_title, container, expected) => {
    expect(why(container)).toBe(expected);
  });

  it("does not claim a container whose labels come from its image, whatever its name", () => {
    expect(why(OURS, OURS.labels)).toBe("its labels come from its image");
    expect(why({ ...OURS, name: "copy" }, OURS.labels)).toBe("its labels come from its image");
  });

  it("claims its own container although the image was committed from a sandbox", () => {
    expect(why(OURS, { ...OURS.labels, [LABEL.generation]: "01OLD" })).toBe("ours as final");
  });

  it("does not claim a renamed container when its image cannot be asked", () => {
    expect(claimContainer(ORIGIN, { ...OURS, name: "mine" }, undefined)).toMatchObject({ ours: false });
  });
});

describe("ownership of volumes", () => {
  it("claims a record by its prefix and nothing else", () => {
    const record = recordOf("web", "0123456789abcdef");
    expect(claimVolume(ORIGIN, record)).toMatchObject({ ours: true, address: "record/web" });
    expect(claimVolume(ORIGIN, { ...record, name: "devc-acme-web.cache" })).toMatchObject({ ours: false });
  });
});
