/** How text may look on one stream. */
export type Style = {
  color: boolean;
  /** Symbols beyond ASCII may be used. */
  unicode: boolean;
  /** Cells per line; Infinity where nothing wraps. */
  width: number;
};

/** What `detectStyle` needs to know of a stream. */
export type StyledStream = { isTTY?: boolean; columns?: number };

/**
 * Decides how to write to a stream. `--no-color` wins, then FORCE_COLOR (force-color.org), then NO_COLOR (no-color.org);
 * otherwise colour is for terminals that are not dumb.
 */
export function detectStyle(
  stream: StyledStream,
  env: Record<string, string | undefined>,
  options: { noColor: boolean; platform: NodeJS.Platform },
): Style {
  return {
    color: detectColor(stream, env, options.noColor),
    unicode: detectUnicode(env, options.platform),
    width: stream.isTTY ? stream.columns || 80 : Number.POSITIVE_INFINITY,
  };
}

function detectColor(stream: StyledStream, env: Record<string, string | undefined>, noColor: boolean): boolean {
  if (noColor) return false;
  if (env["FORCE_COLOR"]) return env["FORCE_COLOR"] !== "0";
  if (env["NO_COLOR"]) return false;
  return stream.isTTY === true && env["TERM"] !== "dumb";
}

/** A locale that names no character set leaves the choice to the terminal, and terminals of today read UTF-8. */
function detectUnicode(env: Record<string, string | undefined>, platform: NodeJS.Platform): boolean {
  if (env["TERM"] === "linux" || env["TERM"] === "dumb") return false;
  const locale = env["LC_ALL"] || env["LC_CTYPE"] || env["LANG"] || "";
  if (/utf-?8/i.test(locale)) return true;
  if (platform === "win32") return Boolean(env["WT_SESSION"] || env["TERM_PROGRAM"] || env["ConEmuTask"]);
  return locale === "";
}

/** Escape codes of the colours that are used: SGR numbers of ECMA-48. */
const SGR = { bold: 1, dim: 2, red: 31, green: 32, yellow: 33, blue: 34, magenta: 35, cyan: 36 } as const;

/** A colour or weight. */
export type Paint = keyof typeof SGR;

/** Paints a text, or leaves it as it is where colour is off. */
export function paint(style: Style, format: Paint, text: string): string {
  return style.color && text !== "" ? `\u001b[${SGR[format]}m${text}\u001b[0m` : text;
}

const SYMBOLS = {
  create: ["+", "+"],
  update: ["~", "~"],
  replace: ["±", "+-"],
  delete: ["-", "-"],
  start: ["↻", "^"],
  stop: ["■", "#"],
  resume: ["↻", "^"],
  none: [" ", " "],
  attention: ["!", "!"],
  arrow: ["→", "->"],
  minus: ["−", "-"],
  dot: ["·", "-"],
  ellipsis: ["…", "..."],
  dash: ["—", "-"],
  done: ["✓", "ok"],
  failed: ["✗", "x"],
  skipped: ["○", "o"],
} as const satisfies Record<string, readonly [unicode: string, ascii: string]>;

/** A symbol in the best form the stream can show. */
export function symbol(style: Style, name: keyof typeof SYMBOLS): string {
  return SYMBOLS[name][style.unicode ? 0 : 1];
}
