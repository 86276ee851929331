import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";

/** Modes of a terminal: whether it echoes, edits lines, and makes signals of keys. */
export type TerminalModes = { echo: boolean; lines: boolean; signals: boolean };

/** A program in a terminal of its own. */
export type Pty = AsyncDisposable & {
  /** Process number of the program. */
  pid: number;
  /** Everything the terminal showed so far. */
  shown(): string;
  /** Resolves when what was shown after the last match holds `wanted`; rejects when the program ends or goes on without it. */
  until(wanted: RegExp): Promise<RegExpExecArray>;
  /** Presses keys. */
  type(text: string): void;
  resize(columns: number, rows: number): void;
  modes(): Promise<TerminalModes>;
  /** The exit status (128 + signal) and the modes the terminal was left in. */
  ended: Promise<{ exit: number; modes: TerminalModes }>;
};

/** Long enough for a busy machine, short enough to tell what was shown before a test's own time is over. */
const PATIENCE_MS = 120_000;

const HELPER = join(import.meta.dirname, "pty-helper.py");

type Report = { pid?: number; modes?: TerminalModes; exit?: number };

/** Starts a program in a new terminal; needs `python3`. Disposing kills it. */
export async function openPty(
  command: string[],
  options: { columns?: number; rows?: number; env?: Record<string, string | undefined>; cwd?: string } = {},
): Promise<Pty> {
  const { columns = 80, rows = 24, env = process.env, cwd } = options;
  const helper: ChildProcess = spawn("python3", [HELPER, String(columns), String(rows), ...command], {
    stdio: ["pipe", "pipe", "inherit", "pipe"],
    env,
    ...(cwd === undefined ? {} : { cwd }),
  });
  const gone = once(helper, "close");
  const [keyboard, display, , report] = helper.stdio as unknown as [Writable, Readable, null, Readable];
  // A program that ends closes the way to its keyboard; orders that come too late have no effect.
  keyboard.on("error", () => {});
  const order = (value: object) => void keyboard.write(`${JSON.stringify(value)}\n`);
  const screen = watchScreen(display);
  const reports = createInterface({ input: report })[Symbol.asyncIterator]();
  const next = async (): Promise<Report> => JSON.parse(String((await reports.next()).value ?? "{}")) as Report;
  const { pid } = await next();
  if (pid === undefined) throw new Error("the terminal helper did not start: is python3 (3.9 or later) installed?");

  const asked: ((modes: TerminalModes) => void)[] = [];
  const follow = async () => {
    let last: TerminalModes | undefined;
    for (let report = await next(); report.modes || report.exit !== undefined; report = await next()) {
      if (report.modes) {
        last = report.modes;
        asked.shift()?.(last);
      } else if (last && report.exit !== undefined) return { exit: report.exit, modes: last };
    }
    throw new Error(`the terminal helper ended early; shown: ${screen.shown()}`);
  };
  const ended = follow();
  ended.catch(() => {}); // a test that disposes of the terminal early never asks

  return {
    pid,
    ...screen,
    type: (text) => order({ write: Buffer.from(text).toString("base64") }),
    resize: (width, height) => order({ resize: [width, height] }),
    modes: () =>
      new Promise((resolve) => {
        asked.push(resolve);
        order({ modes: true });
      }),
    ended,
    async [Symbol.asyncDispose]() {
      helper.kill("SIGKILL"); // closes the terminal; the kernel hangs up on the program
      await gone;
    },
  };
}

function watchScreen(output: Readable): Pick<Pty, "shown" | "until"> {
  let text = "";
  let seen = 0;
  let over = false;
  const watchers = new Set<() => void>();
  const wake = () => {
    for (const watcher of watchers) watcher();
  };
  output.setEncoding("utf8").on("data", (chunk: string) => {
    text += chunk;
    wake();
  });
  output.on("close", () => {
    over = true;
    wake();
  });
  return {
    shown: () => text,
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const settle = () => {
          clearTimeout(patience);
          watchers.delete(look);
        };
        const fail = (what: string) => {
          settle();
          reject(new Error(`${what} without ${wanted}; shown: ${JSON.stringify(text)}`));
        };
        const patience = setTimeout(() => fail("the program goes on"), PATIENCE_MS);
        const look = () => {
          const match = new RegExp(wanted.source, wanted.flags.replace("g", "")).exec(text.slice(seen));
          if (!match && !over) return;
          if (!match) return fail("the program ended");
          settle();
          seen += match.index + match[0].length;
          resolve(match);
        };
        watchers.add(look);
        look();
      }),
  };
}
