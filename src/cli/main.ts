import { resolve } from "node:path";

import { EXIT } from "../model/errors.ts";
import { nearest } from "../model/nearest.ts";
import { createReporter } from "../report/reporter.ts";
import type { Reporter } from "../report/reporter.ts";
import { COMMON } from "./common.ts";
import type { Command, Context, Host } from "./context.ts";
import { foldersOf } from "./folders.ts";
import { commandWord, parseInput, usage } from "./options.ts";
import type { Input } from "./options.ts";
import { quickAnswer } from "./quick.ts";
import { watchInterrupts } from "./signals.ts";
import { VERSION } from "./version.ts";

/** Every command, loaded when it is asked for. */
const COMMANDS: Record<string, () => Promise<Command>> = {
  plan: async () => command(await import("./plan.ts")),
  apply: async () => command(await import("./apply.ts")),
  up: async () => command(await import("./up.ts")),
  status: async () => command(await import("./status.ts")),
  exec: async () => command(await import("./exec.ts")),
  attach: async () => command(await import("./attach.ts")),
  logs: async () => command(await import("./logs.ts")),
  destroy: async () => command(await import("./destroy.ts")),
  validate: async () => command(await import("./validate.ts")),
  config: async () => command(await import("./config.ts")),
  schema: async () => command(await import("./schema.ts")),
};

/** A command gets the input of its own table: dispatch is the one place that need not know which. */
function command(module: { run(context: Context, input: never): Promise<number> }): Command {
  return module as unknown as Command;
}

/**
 * Runs one command line and resolves to the exit status. Prints every error; throws only what cannot be printed.
 * @param words the words after the program's name
 */
export async function main(words: string[], host: Host): Promise<number> {
  const answer = await quickAnswer(words);
  if (answer !== undefined) {
    host.streams.stdout.write(answer);
    return EXIT.ok;
  }
  const early = reporterOf(host, { json: words.includes("--json"), "no-color": words.includes("--no-color") });
  try {
    return await dispatch(words, host);
  } catch (error) {
    return early.error(error);
  }
}

async function dispatch(words: string[], host: Host): Promise<number> {
  const found = commandWord(words, COMMON);
  if (!found || found.word === "help") return help(words, found, host);
  const load = Object.hasOwn(COMMANDS, found.word) ? COMMANDS[found.word] : undefined;
  if (!load) throw unknownCommand(found.word);
  const loaded = await load();
  const input = parseInput(found.others, loaded.options, loaded.operands, found.word);
  if (input.options.help) {
    host.streams.stdout.write(loaded.help);
    return EXIT.ok;
  }
  return run(loaded, found.word, input, host);
}

async function run(loaded: Command, name: string, input: Input<typeof COMMON>, host: Host): Promise<number> {
  const cwd = input.options.directory === undefined ? host.cwd : resolve(host.cwd, input.options.directory);
  const folders = foldersOf(host.platform, host.env, host.home);
  const reporter = reporterOf(host, input.options);
  const interrupts = watchInterrupts(host, reporter, loaded.ownsSignals ?? false);
  let engine: ReturnType<Context["connect"]> | undefined;
  const connect: Context["connect"] = () =>
    (engine ??= host.connectEngine(host, { explicit: input.options.engine, cacheDir: folders.cacheDir }));
  const context: Context = {
    ...host,
    ...folders,
    ...interrupts,
    cwd,
    version: VERSION,
    command: name,
    reporter,
    connect,
  };
  try {
    return await loaded.run(context, input);
  } catch (error) {
    return reporter.error(error);
  } finally {
    interrupts.end();
    // An engine that could not be connected has been reported by whoever asked for it.
    await engine?.then(
      (connected) => connected.close(),
      () => {},
    );
  }
}

/** `devc`, `devc help COMMAND`, and what names no command. */
async function help(words: string[], found: ReturnType<typeof commandWord>, host: Host): Promise<number> {
  const { HELP } = await import("./help.ts");
  if (words.length === 0) {
    host.streams.stderr.write(HELP);
    return EXIT.usage;
  }
  if (!found) {
    const { options } = parseInput(words, COMMON, { usage: "", min: 0, max: 0 }, "");
    if (!options.help) throw usage("which command?");
  }
  const topic = found?.others.find((word) => !word.startsWith("-"));
  if (topic === undefined) {
    host.streams.stdout.write(HELP);
    return EXIT.ok;
  }
  const load = Object.hasOwn(COMMANDS, topic) ? COMMANDS[topic] : undefined;
  if (!load) throw unknownCommand(topic);
  host.streams.stdout.write((await load()).help);
  return EXIT.ok;
}

function unknownCommand(word: string): Error {
  const near = nearest(word, [...Object.keys(COMMANDS), "help"]);
  return usage(`unknown command '${word}'${near ? `; did you mean '${near}'?` : ""}`);
}

type ReportOptions = { json: boolean; "no-color": boolean; quiet?: boolean; verbose?: boolean };

function reporterOf(host: Host, options: ReportOptions): Reporter {
  const { stdout, stderr } = host.streams;
  return createReporter({
    stdout,
    stderr,
    env: host.env,
    platform: host.platform,
    clock: host.clock,
    json: options.json,
    quiet: options.quiet ?? false,
    verbose: options.verbose ?? false,
    noColor: options["no-color"],
    interactive: !options.json && stderr.isTTY === true && host.streams.stdin.isTTY === true,
  });
}
