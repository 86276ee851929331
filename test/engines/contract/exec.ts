import { randomBytes } from "node:crypto";
import type { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";

import { expect, it } from "vitest";

import type { ExecRequest } from "../../../src/drivers/engine/engine.ts";
import { failing, PATIENCE, type Context } from "./context.ts";

type Result = { stdout: Buffer; stderr: Buffer; exit: number };

/** Runs a command to its end. `input` is written to its standard input, which is then closed. */
async function run(
  context: Context,
  id: string,
  command: string[],
  request: Partial<ExecRequest> = {},
  input?: Buffer | string,
): Promise<Result> {
  const session = await context.engine.exec(id, { command, tty: false, stdin: input !== undefined, ...request });
  const outputs = Promise.all([buffer(session.stdout), buffer(session.stderr)]);
  if (input !== undefined) session.stdin.end(input);
  const [stdout, stderr] = await outputs;
  return { stdout, stderr, exit: await session.exit };
}

/** Standard output of a command that must succeed. */
export async function output(context: Context, id: string, command: string[]): Promise<string> {
  const result = await run(context, id, command);
  expect(result.exit, result.stderr.toString()).toBe(0);
  return result.stdout.toString();
}

/** Reads until the text holds `wanted`. */
async function readUntil(stream: Readable, wanted: RegExp): Promise<string> {
  let text = "";
  for await (const chunk of stream.iterator({ destroyOnReturn: false })) {
    text += String(chunk);
    if (wanted.test(text)) return text;
  }
  throw new Error(`the output ended without ${wanted}: ${JSON.stringify(text)}`);
}

/** Commands in running containers. */
export function execCases(context: Context): void {
  it("keeps standard output and standard error apart", async () => {
    const { id } = await context.run();
    const result = await run(context, id, ["sh", "-c", "echo out; echo err >&2"]);
    expect([result.stdout.toString(), result.stderr.toString(), result.exit]).toEqual(["out\n", "err\n", 0]);
  });

  it("tells the exit status", async () => {
    const { id } = await context.run();
    for (const code of [0, 1, 3, 255]) expect((await run(context, id, ["sh", "-c", `exit ${code}`])).exit).toBe(code);
  });

  it("tells apart many commands that run at once", async () => {
    const { id } = await context.run();
    const codes = [1, 2, 3, 4, 5, 6, 7, 8];
    const results = await Promise.all(
      codes.map((code) => run(context, id, ["sh", "-c", `echo ${code}; exit ${code}`])),
    );
    expect(results.map(({ stdout, exit }) => [stdout.toString(), exit])).toEqual(
      codes.map((code) => [`${code}\n`, code]),
    );
  });

  it("passes standard input on and its end", async () => {
    const { id } = await context.run();
    expect(await run(context, id, ["cat"], {}, "hello\n")).toMatchObject({ stdout: Buffer.from("hello\n"), exit: 0 });
    expect(await run(context, id, ["cat"], {}, "")).toMatchObject({ stdout: Buffer.alloc(0), exit: 0 });
  });

  it("goes on delivering output after standard input has ended", async () => {
    const { id } = await context.run();
    const result = await run(context, id, ["sh", "-c", "cat >/dev/null; echo after; exit 4"], {}, "input");
    expect([result.stdout.toString(), result.exit]).toEqual(["after\n", 4]);
  });

  it("ends a command's standard input at once when none was asked for", async () => {
    const { id } = await context.run();
    expect(await run(context, id, ["cat"])).toMatchObject({ stdout: Buffer.alloc(0), exit: 0 });
  });

  it("carries a megabyte of binary data both ways unchanged", async () => {
    const { id } = await context.run();
    const data = randomBytes(1024 ** 2);
    const result = await run(context, id, ["cat"], {}, data);
    expect(result.stdout.equals(data)).toBe(true);
    expect(result).toMatchObject({ stderr: Buffer.alloc(0), exit: 0 });
  });

  it("carries a megabyte on standard error beside standard output", async () => {
    const { id } = await context.run();
    const result = await run(context, id, ["sh", "-c", "head -c 1048576 /dev/zero >&2; head -c 1048576 /dev/zero"]);
    expect([result.stdout.length, result.stderr.length, result.exit]).toEqual([1024 ** 2, 1024 ** 2, 0]);
  });

  it("runs as the user, in the folder and with the variables asked for", async () => {
    const { id } = await context.run();
    const request = { user: "1000:1000", workdir: "/var/tmp", env: { GREETING: "a=b c", EMPTY: "" } };
    const result = await run(context, id, ["sh", "-c", 'id -u; id -g; pwd; echo "[$GREETING][$EMPTY]"'], request);
    expect(result.stdout.toString()).toBe("1000\n1000\n/var/tmp\n[a=b c][]\n");
  });

  it("runs as the container's user, in its folder and with its variables otherwise", async () => {
    const { id } = await context.run({ spec: { user: "1000:1000", workdir: "/var/tmp", env: { GREETING: "a=b c" } } });
    const result = await run(context, id, ["sh", "-c", 'id -u; id -g; pwd; echo "[$GREETING][$EMPTY]"']);
    expect(result.stdout.toString()).toBe("1000\n1000\n/var/tmp\n[a=b c][]\n");
  });

  it("gives a terminal, with standard error on standard output", async () => {
    const { id } = await context.run();
    const result = await run(
      context,
      id,
      ["sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo tty; echo err >&2; exit 5"],
      {
        tty: true,
        stdin: true,
      },
    );
    expect([result.stdout.toString(), result.stderr.length, result.exit]).toEqual(["tty\r\nerr\r\n", 0, 5]);
  });

  it("gives no terminal when none was asked for", async () => {
    const { id } = await context.run();
    expect((await run(context, id, ["sh", "-c", "test -t 0 || test -t 1"], { stdin: true }, "")).exit).toBe(1);
  });

  it("resizes the terminal", async () => {
    const { id } = await context.run();
    const session = await context.engine.exec(id, { command: ["sh"], tty: true, stdin: true });
    await session.resize(123, 45);
    session.stdin.write("stty size\n");
    expect(await readUntil(session.stdout, /45 123/)).toContain("45 123");
    session.stdin.write("exit 0\n");
    session.stdout.resume();
    expect(await session.exit).toBe(0);
  });

  it("says so when a command cannot be run", async () => {
    const { id } = await context.run();
    const outcome = await run(context, id, ["/does-not-exist"]).then(
      ({ exit }) => exit,
      (error: { code?: string }) => error.code,
    );
    expect([126, 127, "engine-rejected", "engine-error"]).toContain(outcome);
  });

  it("runs nothing in a container that does not run", async () => {
    const request = { command: ["true"], tty: false, stdin: false };
    const created = await context.create();
    await failing(context.engine.exec(created.id, request), "sandbox-not-running");
    const stopped = await context.run();
    await context.engine.stopContainer(stopped.id, { graceSeconds: 0 });
    await failing(context.engine.exec(stopped.id, request), "sandbox-not-running");
  });

  it("runs nothing in a paused container", async () => {
    const { id } = await context.run();
    await context.subject.outOfBand.pause(id);
    await failing(context.engine.exec(id, { command: ["true"], tty: false, stdin: false }), "sandbox-not-running");
  });

  it("lists the commands that run now, and no others", async () => {
    const { id } = await context.run();
    expect(await context.engine.listExecs(id)).toEqual([]);
    await output(context, id, ["true"]);
    const session = await context.engine.exec(id, { command: ["cat"], tty: false, stdin: true });
    session.stdout.resume();
    session.stderr.resume();
    await expect.poll(async () => (await context.engine.listExecs(id))[0]?.pid, PATIENCE).toBeGreaterThan(0);
    const listed = await context.engine.listExecs(id);
    expect(listed).toMatchObject([{ command: ["cat"] }]);
    expect(listed[0]?.id).not.toBe("");
    session.stdin.end();
    expect(await session.exit).toBe(0);
    await expect.poll(() => context.engine.listExecs(id), PATIENCE).toEqual([]);
  });

  it("lists no commands for a container that does not run", async () => {
    const { id } = await context.create();
    expect(await context.engine.listExecs(id)).toEqual([]);
  });

  it("ends a command whose container is stopped", async () => {
    const { id } = await context.run();
    const session = await context.engine.exec(id, { command: ["sleep", "600"], tty: false, stdin: false });
    session.stdout.resume();
    session.stderr.resume();
    await context.engine.stopContainer(id, { graceSeconds: 0 });
    const ended = await session.exit.then(
      () => "ended",
      () => "ended",
    );
    expect(ended).toBe("ended");
  });
}
