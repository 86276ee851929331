import { compare } from "fast-json-patch";

import { BUILD_LABEL, buildReason } from "../model/devcontainer/build.ts";
import type { ImageBuild } from "../model/devcontainer/build.ts";
import type { DesiredImage } from "../model/desired.ts";
import type { Live } from "./live.ts";
import type { PlanBuilder } from "./plan-builder.ts";
import { plainChange } from "./plan-plain.ts";
import type { Change, Precondition, Reason } from "./plan-types.ts";

type Images = Live["images"];

const REASONS = {
  missing: "missing",
  "inputs-changed": "build-inputs-changed",
  "base-changed": "base-changed",
} as const;

const CAUSES: Record<keyof typeof REASONS, string> = {
  missing: "the image does not exist",
  "inputs-changed": "what it is built from changed",
  "base-changed": "an image it is built from changed",
};

/** Why an image is not what it should be; undefined when it is. */
export function imageReason({ reference, build }: DesiredImage, images: Images): keyof typeof REASONS | undefined {
  if (build) return buildReason(reference, build, images);
  return images[reference] ? undefined : "missing";
}

/** What a sandbox waits for, for people. */
export function imageCause(image: DesiredImage, images: Images): string | undefined {
  const reason = imageReason(image, images);
  if (reason === undefined) return undefined;
  return reason === "missing" ? `${image.reference} is not present` : `${image.reference}: ${CAUSES[reason]}`;
}

/**
 * Plans what brings an image: a pull, or the pulls of what is missing to build it and the build. An image is brought only
 * when a container will be made from it: a running sandbox needs none. Projects that share a reference share its pull.
 *
 * @param base the project's image when this is a layer on it (`image/<project>/uid`): the layer names it by ID, so it is left
 * to the next plan while the base is brought by this one
 */
export function planImage(
  builder: PlanBuilder,
  image: DesiredImage,
  { wanted, base }: { wanted: boolean; base: DesiredImage | undefined },
  images: Images,
): void {
  const ready = base === undefined || imageReason(base, images) === undefined;
  const reason = wanted && ready ? imageReason(image, images) : undefined;
  if (reason === undefined) return builder.change(plainChange(image, {}));
  const { reference, build } = image;
  const reasons: Reason[] = [{ code: REASONS[reason] }];
  if (!build) {
    pull(builder, image, reference);
    const patch = compare({}, { reference });
    return builder.change(plainChange(image, { action: "create", reasons, patch, expect: { absent: true } }));
  }
  const absent = build.bases.filter((base) => !images[base]);
  const after = absent.map((base) => pull(builder, image, base));
  const n = builder.op(image.address, CAUSES[reason], { op: "image.build", tag: reference, build }, { after });
  builder.provide(`image:${reference}`, n);
  return builder.change(plainChange(image, buildParts(reference, build, reasons, images)));
}

function buildParts(
  reference: string,
  build: ImageBuild,
  reasons: Reason[],
  images: Images,
): Partial<Pick<Change, "action" | "reasons" | "patch" | "expect">> {
  const present = images[reference];
  const before = present ? { reference, inputs: present.labels[BUILD_LABEL.inputs] ?? "(unknown)" } : {};
  const expect: Precondition = { ...(present ? { id: present.id } : { absent: true }), inputs: build.inputs };
  return {
    action: present ? "replace" : "create",
    reasons,
    patch: compare(before, { reference, inputs: build.inputs }, present !== undefined && present !== null),
    expect,
  };
}

/** The operation that pulls a reference; one for all who need it. */
function pull(builder: PlanBuilder, { address }: DesiredImage, reference: string): number {
  const known = builder.providerOf(`image:${reference}`);
  if (known !== undefined) return known;
  const n = builder.op(address, `${reference} is not present`, { op: "image.pull", reference });
  builder.provide(`image:${reference}`, n);
  return n;
}

/** Removes a built image once the sandbox that was made from it is gone. */
export function planImageRemoval(
  builder: PlanBuilder,
  image: Omit<DesiredImage, "build">,
  id: string,
  after: number[],
): void {
  const { address, reference } = image;
  builder.op(address, "its sandbox is gone", { op: "image.remove", reference }, { after });
  const patch = compare({ reference }, {}, true);
  builder.change(plainChange(image, { action: "delete", reasons: [{ code: "not-declared" }], patch, expect: { id } }));
}
