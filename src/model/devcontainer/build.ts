import type { ImageFacts } from "../image-facts.ts";

/** Labels of an image that devc built; containers inherit them and nothing else reads them. */
export const BUILD_LABEL = {
  /** `ImageBuild.inputs` of the build. */
  inputs: "devc.build.inputs",
  /** JSON: ID of each base image by its reference, as far as it was present when the build began. */
  bases: "devc.build.bases",
  /** Name and folder of the workspace it was built for, and the address of the image: whose it is when it is removed. */
  workspace: "devc.build.workspace",
  root: "devc.build.root",
  address: "devc.build.address",
} as const;

/** One image build, complete. Plain JSON: it is part of plans. */
export type ImageBuild = {
  /** Absolute host path of the context folder; absent: an empty context (the Dockerfile is all there is). */
  context?: string;
  /** Path of the Dockerfile relative to the context (may start with `../`), or its text. */
  dockerfile: { path: string } | { text: string };
  args: Record<string, string>;
  target?: string;
  cacheFrom: string[];
  /** Secrets for `RUN --mount=type=secret`: where each value is found on the host. Values are never part of a plan. */
  secrets: Record<string, { file: string } | { env: string }>;
  /** `--network` of the build: `default`, `none`. */
  network?: "default" | "none";
  /** Extra labels for the image. */
  labels: Record<string, string>;
  /** `--add-host`. */
  extraHosts: Record<string, string>;
  platform?: string;
  /** References of images the Dockerfile starts from or copies from, that are not stages of itself. Sorted. */
  bases: string[];
  /** sha256 over everything that decides the result besides the base images: Dockerfile, context content, args, options. */
  inputs: string;
  /** Uses only what every builder knows: built by the classic builder, which also takes image IDs as bases. */
  classic?: true;
};

/**
 * Why an image must be built, or undefined when the one that is there is what the build would give: same inputs, and every
 * base image that is present is the one it was built from.
 */
export function buildReason(
  reference: string,
  build: ImageBuild,
  images: Readonly<Record<string, ImageFacts | null | undefined>>,
): "missing" | "inputs-changed" | "base-changed" | undefined {
  const image = images[reference];
  if (!image) return "missing";
  if (image.labels[BUILD_LABEL.inputs] !== build.inputs) return "inputs-changed";
  const from = recordedBases(image.labels[BUILD_LABEL.bases]);
  const moved = build.bases.some((base) => {
    const now = images[base];
    return now !== null && now !== undefined && from[base] !== undefined && from[base] !== now.id;
  });
  return moved ? "base-changed" : undefined;
}

/** A label is outside input: what cannot be read records nothing. */
function recordedBases(text: string | undefined): Record<string, string> {
  try {
    const value: unknown = JSON.parse(text ?? "{}");
    return value !== null && typeof value === "object" ? (value as Record<string, string>) : {};
  } catch (error) {
    if (error instanceof SyntaxError) return {};
    throw error;
  }
}
