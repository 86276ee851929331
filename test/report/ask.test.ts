import { PassThrough } from "node:stream";

import { expect, it } from "vitest";

import { ask } from "../../src/report/ask.ts";

const never = new AbortController().signal;

function createStreams(typed?: string) {
  const stdin = new PassThrough();
  const written: string[] = [];
  if (typed !== undefined) stdin.end(typed);
  return { stdin, written, stderr: { write: (text: string) => void written.push(text) } };
}

it.each([
  ["y\n", true],
  ["YES\n", true],
  [" yes \n", true],
  ["y", true],
  ["n\n", false],
  ["\n", false],
  ["yes please\n", false],
  ["", false],
])("takes %j as %s", async (typed, expected) => {
  const streams = createStreams(typed);
  expect(await ask("Go on?", streams, never)).toBe(expected);
  expect(streams.written).toEqual(["Go on? [y/N] "]);
});

it("reads one line and leaves the rest", async () => {
  const streams = createStreams();
  streams.stdin.write("y\n");
  expect(await ask("First?", streams, never)).toBe(true);
  streams.stdin.write("n\n");
  expect(await ask("Second?", streams, never)).toBe(false);
});

it("ends with the signal's reason when it is interrupted", async () => {
  const streams = createStreams();
  const controller = new AbortController();
  const answer = ask("Go on?", streams, controller.signal);
  controller.abort(new Error("stopped"));
  await expect(answer).rejects.toThrow("stopped");
});
