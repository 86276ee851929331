import { expect, it } from "vitest";

import { failing, type Context } from "./context.ts";

/** Images: facts, what containers inherit from them, pulls that cannot work. */
export function imageCases(context: Context): void {
  it("finds an image by reference and by ID", async () => {
    const facts = await context.engine.inspectImage(context.subject.image);
    expect(facts?.id).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await context.engine.inspectImage(context.imageId)).toEqual(facts);
    expect(facts).toMatchObject({ labels: expect.any(Object), user: expect.any(String) });
  });

  it("answers undefined for an image that is not there", async () => {
    expect(await context.engine.inspectImage(`localhost/${context.name()}:absent`)).toBeUndefined();
    expect(await context.engine.inspectImage(`sha256:${"0".repeat(64)}`)).toBeUndefined();
  });

  it("lets containers inherit the labels of their image, with the container's own on top", async () => {
    const mine = context.name();
    const image = await context.image({
      labels: { "devc.workspace": mine, "devc.address": "sandbox/evil", other: "x" },
    });
    const { id } = await context.create({ imageId: image.id, labels: { "devc.address": "sandbox/own" } });
    const listed = await context.listed(id);
    expect(listed).toMatchObject({ imageId: image.id });
    expect(listed?.labels).toEqual({ "devc.workspace": mine, "devc.address": "sandbox/own", other: "x" });
    expect((await context.engine.listContainers({ workspace: mine })).map((container) => container.id)).toEqual([id]);
    expect((await context.engine.inspectImage(image.reference))?.labels).toMatchObject({ "devc.workspace": mine });
  });

  it("lets containers inherit variables and user of their image", async () => {
    const image = await context.image({ env: { FROM_IMAGE: "yes", BOTH: "image" }, user: "1000:1000" });
    expect((await context.engine.inspectImage(image.reference))?.user).toBe("1000:1000");
    const { id } = await context.create({ imageId: image.id, spec: { env: { BOTH: "container" } } });
    const spec = (await context.engine.inspectContainer(id))?.spec;
    expect(spec?.env).toMatchObject({ FROM_IMAGE: "yes", BOTH: "container" });
    expect(spec?.user).toBe("1000:1000");
  });

  it("keeps showing the image a container was made from when the reference moves on", async () => {
    const image = await context.image({ labels: { step: "one" } });
    const { id } = await context.create({ imageId: image.id });
    const moved = await context.subject.outOfBand.makeImage(
      context.subject.image,
      image.reference.replace(/^.*\//, "").replace(/:[^:]*$/, ""),
      { labels: { step: "two" } },
    );
    expect(moved).toBe(image.reference);
    expect((await context.engine.inspectImage(image.reference))?.id).not.toBe(image.id);
    expect((await context.listed(id))?.imageId).toBe(image.id);
    await context.engine.removeContainer(id);
    await context.subject.outOfBand.removeImage(image.id);
  });

  it("says so when a pull does not work", async () => {
    const pull = context.engine.pullImage(`localhost:1/${context.name()}:absent`, { onProgress: () => {} });
    await failing(pull, "image-not-found", "engine-unreachable", "engine-error");
  });
}
