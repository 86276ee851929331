import { createHash } from "node:crypto";
import { Readable } from "node:stream";

import { pack } from "tar-stream";
import { expect, it } from "vitest";

import type { ImageBuildRequest } from "../../../src/drivers/engine/engine.ts";
import { failing, type Context } from "./context.ts";

type Files = Record<string, string>;
type Over = Partial<Omit<ImageBuildRequest, "onOutput">>;

/** A context of small files. */
function tarOf(files: Files): () => Readable {
  return () => {
    const tar = pack();
    for (const [name, text] of Object.entries(files)) tar.entry({ name, mode: 0o644 }, text);
    tar.finalize();
    return Readable.from(tar, { objectMode: false });
  };
}

/** Builds, fails or stops; what is built is removed after the case. */
async function build(context: Context, files: Files, over: Over = {}): Promise<{ id: string; lines: string[] }> {
  const lines: string[] = [];
  const tag = over.tag ?? context.tag();
  const { id } = await context.engine.buildImage({
    tag,
    context: tarOf(files),
    dockerfile: "Dockerfile",
    args: {},
    cacheFrom: [],
    labels: {},
    extraHosts: {},
    secrets: {},
    ...over,
    onOutput: (line) => void lines.push(line),
  });
  return { id, lines };
}

/** Builds of images, on every engine. */
export function buildCases(context: Context): void {
  it("tags what it builds, labels it, and moves the tag with the next build", async () => {
    const tag = context.tag();
    const Dockerfile = `FROM ${context.subject.image}\n`;
    const first = await build(context, { Dockerfile }, { tag, labels: { step: "one" } });
    expect(await context.engine.inspectImage(tag)).toMatchObject({ id: first.id, labels: { step: "one" } });
    const second = await build(context, { Dockerfile }, { tag, labels: { step: "two", "a.b": 'x "y" z' } });
    expect(second.id).not.toBe(first.id);
    const facts = await context.engine.inspectImage(tag);
    expect(facts).toMatchObject({ id: second.id, labels: { step: "two", "a.b": 'x "y" z' } });
    expect(second.lines.length).toBeGreaterThan(0);
  });

  it("removes a tag, and the image with the last one; what is gone stays gone", async () => {
    const tag = context.tag();
    const { id } = await build(context, { Dockerfile: `FROM ${context.subject.image}\n` }, { tag, labels: { tag } });
    await context.engine.removeImage(tag);
    expect(await context.engine.inspectImage(tag)).toBeUndefined();
    expect(await context.engine.inspectImage(id)).toBeUndefined();
    await context.engine.removeImage(tag);
  });

  it("keeps an image that a container uses", async () => {
    const tag = context.tag();
    const { id } = await build(context, { Dockerfile: `FROM ${context.subject.image}\n` }, { tag, labels: { tag } });
    await context.create({ imageId: id });
    await failing(context.engine.removeImage(tag), "engine-conflict");
    expect((await context.engine.inspectImage(tag))?.id).toBe(id);
  });

  it("stops before it begins when it is asked to", async () => {
    const tag = context.tag();
    const stopped = build(
      context,
      { Dockerfile: `FROM ${context.subject.image}\n` },
      { tag, signal: AbortSignal.abort() },
    );
    await failing(stopped, "interrupted");
    expect(await context.engine.inspectImage(tag)).toBeUndefined();
  });
}

/** Builds whose steps really run. */
export function realBuildCases(context: Context): void {
  it("builds the target with arguments, files and further hosts", async () => {
    const tag = context.tag();
    const files = {
      "docker/Main.Dockerfile": `
        ARG BASE=nothing
        FROM \${BASE} AS first
        RUN echo made > /made
        FROM ${context.subject.image} AS second
        ARG WHO
        ENV WHO=\${WHO}
        COPY --from=first /made /made
        COPY src/ /src/
        RUN grep -q made /made && grep -q content /src/deep/file && grep -q '10.9.8.7.*further' /etc/hosts && grep -q '10.9.8.6.*other' /etc/hosts
        USER 1234
        WORKDIR /src
        FROM second AS third
        RUN false`,
      "src/deep/file": "content",
    };
    await build(context, files, {
      tag,
      dockerfile: "docker/Main.Dockerfile",
      target: "second",
      args: { WHO: "you & me", BASE: context.subject.image },
      extraHosts: { further: "10.9.8.7", other: "10.9.8.6" },
    });
    const facts = await context.engine.inspectImage(tag);
    expect(facts).toMatchObject({ user: "1234", workdir: "/src", env: { WHO: "you & me" }, os: "linux" });
  });

  it("mounts caches and secrets into a step and leaves no trace of a secret", async () => {
    const secret = `s${context.name()}`;
    const files = {
      Dockerfile: `
        FROM ${context.subject.image}
        RUN --mount=type=cache,target=/cache --mount=type=secret,id=token \\
          cat /run/secrets/token | sha256sum | cut -d' ' -f1 > /sum && touch /cache/x && : ${context.name()}
        COPY . /context
        RUN ! test -s /run/secrets/token && ! test -e /cache/x && test "$(ls -A /context)" = Dockerfile && cat /sum`,
    };
    const sum = createHash("sha256").update(`${secret}!`).digest("hex");
    const { lines } = await build(context, files, { secrets: { token: Buffer.from(`${secret}!`) } });
    expect(lines.join("\n")).toContain(sum);
    expect(lines.join("\n")).not.toContain(`${secret}!`);
  });

  it("builds classically from the ID of an image", async () => {
    const tag = context.tag();
    const Dockerfile = `FROM ${context.imageId}\nRUN echo ${tag} > /made && cat /made\n`;
    const { lines } = await build(context, { Dockerfile }, { tag, classic: true });
    expect(lines).toContain(tag);
    expect(await context.engine.inspectImage(tag)).toBeDefined();
  });

  it.each([{ classic: true } as const, {}])(
    "names the step that failed, with the end of its output: %j",
    async (over) => {
      const tag = context.tag();
      const Dockerfile = `FROM ${context.subject.image}\nRUN echo fine\nRUN seq 1 60; : ${tag}; exit 7\nRUN echo never\n`;
      const error = await failing(build(context, { Dockerfile }, { tag, ...over }), "build-failed");
      expect(error.message).toBe(`${tag} cannot be built: 'RUN seq 1 60; : ${tag}; exit 7' ended with exit code 7`);
      expect(error.details).toEqual(Array.from({ length: 50 }, (_, index) => String(index + 11)));
      expect(await context.engine.inspectImage(tag)).toBeUndefined();
    },
  );

  it("leaves the tag where it was when a build fails", async () => {
    const tag = context.tag();
    const { id } = await build(context, { Dockerfile: `FROM ${context.subject.image}\n` }, { tag, labels: { tag } });
    await failing(
      build(context, { Dockerfile: `FROM ${context.subject.image}\nRUN false\n` }, { tag }),
      "build-failed",
    );
    expect((await context.engine.inspectImage(tag))?.id).toBe(id);
  });

  it.each([
    { title: "a target that is not there", file: "FROM BASE AS one\n", target: "other", words: /other/ },
    { title: "an unknown instruction", file: "FROM BASE\nFROB x\n", words: /FROB/i },
    { title: "a file that is not in the context", file: "FROM BASE\nCOPY absent /x\n", words: /absent/ },
  ])("says what is wrong with $title", async ({ file, target, words }) => {
    const Dockerfile = file.replace("BASE", context.subject.image);
    const error = await failing(build(context, { Dockerfile }, target === undefined ? {} : { target }), "build-failed");
    expect([error.message, ...error.details].join("\n")).toMatch(words);
  });

  it.each([{ classic: true } as const, {}])("says so when a base image cannot be had: %j", async (over) => {
    const Dockerfile = `FROM localhost:1/${context.name()}:absent\n`;
    const error = await failing(build(context, { Dockerfile }, over), "image-not-found");
    expect(error.details.join("\n")).toContain("absent");
  });

  it.each([{ classic: true } as const, {}])("stops a step that runs: %j", async (over) => {
    const tag = context.tag();
    const controller = new AbortController();
    const Dockerfile = `FROM ${context.subject.image}\nRUN echo ready-${tag} && exec sleep 20\n`;
    const building = context.engine.buildImage({
      tag,
      context: tarOf({ Dockerfile }),
      dockerfile: "Dockerfile",
      args: {},
      cacheFrom: [],
      labels: {},
      extraHosts: {},
      secrets: {},
      ...over,
      onOutput: (line) => (/ready-/.test(line) && !/RUN|STEP/i.test(line) ? controller.abort() : undefined),
      signal: controller.signal,
    });
    await failing(building, "interrupted");
    expect(await context.engine.inspectImage(tag)).toBeUndefined();
  });

  it("ends with the error of a context that cannot be read to its end", async () => {
    const broken = new Error("the disk is gone");
    async function* half(): AsyncGenerator<Uint8Array> {
      yield Buffer.alloc(1024, 1);
      throw broken;
    }
    const over = { context: () => Readable.from(half(), { objectMode: false }) };
    const error = await failing(build(context, {}, over));
    expect([error.message, String(error.cause)].join("\n")).toContain(broken.message);
  });
}
