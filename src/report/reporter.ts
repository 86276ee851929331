import { exitCodeOf } from "../model/errors.ts";
import type { ExitCode } from "../model/errors.ts";
import type { Clock } from "../reconcile/clock.ts";
import type { EventLine } from "./documents/events.ts";
import { asDevcError, errorDocumentOf } from "./error-body.ts";
import { errorText } from "./error-text.ts";
import { errorLine } from "./event-lines.ts";
import { jsonText } from "./json-text.ts";
import type { PlanView } from "./plan-view.ts";
import type { Progress, ProgressRenderer } from "./progress/progress.ts";
import { detectStyle } from "./style.ts";
import type { Style } from "./style.ts";

/** A stream that can be printed to. */
type PrintStream = { write(text: string): unknown; isTTY?: boolean; columns?: number; rows?: number };

/** What a reporter is made for. */
export type ReporterOptions = {
  stdout: PrintStream;
  stderr: PrintStream;
  env: Record<string, string | undefined>;
  platform: NodeJS.Platform;
  clock: Clock;
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  noColor: boolean;
  /** Somebody can be asked: standard input and error are terminals. */
  interactive: boolean;
};

/** The only way to print. Standard output carries the result, standard error everything else. */
export type Reporter = Pick<ReporterOptions, "json" | "quiet" | "verbose" | "interactive"> & {
  /** How text on standard output may look. */
  out: Style;
  /** How text on standard error may look. */
  err: Style;
  /** Prints a finished text on standard output; not with `--json`. */
  result(text: string): void;
  /** Prints a document on standard output with `--json`. */
  document(value: unknown): void;
  /** Prints one line of a stream of events on standard output with `--json`. */
  line(event: EventLine): void;
  /** Prints a line on standard error, unless `--quiet`. */
  message(line: string): void;
  /** Prints whatever was thrown and tells the exit status. */
  error(thrown: unknown): ExitCode;
  /** Starts showing an apply; messages until its end do not tear it. */
  progress(render: ProgressRenderer, view: PlanView): Progress;
};

/** Makes the reporter of one run. */
export function createReporter(options: ReporterOptions): Reporter {
  const { stdout, stderr, env, platform, clock, json, quiet, verbose, noColor } = options;
  const out = detectStyle(stdout, env, { noColor, platform });
  const err = detectStyle(stderr, env, { noColor, platform });
  let live: Progress | undefined;
  /** A stream of events has begun: an error is its last line, not a document of its own. */
  let streaming = false;

  const toStderr = (text: string): void => {
    if (live && !json) live.aside(text);
    else stderr.write(text);
  };
  const writeErrorJson = (error: ReturnType<typeof asDevcError>): void => {
    const text = streaming ? jsonText(errorLine(error, clock.now())) : jsonText(errorDocumentOf(error), 2);
    stdout.write(`${text}\n`);
  };
  return {
    json,
    quiet,
    verbose,
    interactive: options.interactive,
    out,
    err,
    result: (text) => {
      if (!json) stdout.write(text);
    },
    document: (value) => {
      if (json) stdout.write(`${jsonText(value, 2)}\n`);
    },
    line: (event) => {
      if (!json) return;
      streaming = true;
      stdout.write(`${jsonText(event)}\n`);
    },
    message: (line) => {
      if (!quiet) toStderr(`${line}\n`);
    },
    error: (thrown) => {
      live?.close();
      const error = asDevcError(thrown);
      if (json) writeErrorJson(error);
      stderr.write(errorText(error, err));
      return exitCodeOf(error.code);
    },
    progress: (render, view) => {
      const shown = render({ stream: json ? stdout : stderr, style: err, clock, view });
      live = {
        ...shown,
        close: () => {
          live = undefined;
          shown.close();
        },
      };
      return live;
    },
  };
}
