import type { Issue } from "./errors.ts";
import { positionAt, sourceText } from "./source.ts";
import type { IssueText } from "./source.ts";

/** Largest file a manifest may be made of, in bytes: a thousand projects need half of it. */
export const MAX_FILE_BYTES = 1024 * 1024;

/** What a file's bytes say, or why they are not a text. */
export type Decoded = { text: string; issue?: undefined } | { issue: Issue };

const BYTE_ORDER_MARKS: { bytes: number[]; name: string }[] = [
  { bytes: [0xff, 0xfe, 0, 0], name: "UTF-32" },
  { bytes: [0, 0, 0xfe, 0xff], name: "UTF-32" },
  { bytes: [0xff, 0xfe], name: "UTF-16" },
  { bytes: [0xfe, 0xff], name: "UTF-16" },
];

/** What YAML 1.2 (§5.1) allows no file to contain: control characters except tab, line feed, carriage return and NEL. */
// oxlint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u0084\u0086-\u009f\ufffe\uffff]/;

/** Characters that reorder the text around them: a reviewer would read another file than devc does. */
const REORDERING = /[\u202a-\u202e\u2066-\u2069]/;

/** Decodes a file of a manifest: UTF-8, with or without a byte order mark, and nothing that hides from the eye. */
export function decodeText(bytes: Uint8Array, display: string): Decoded {
  const foreign = BYTE_ORDER_MARKS.find((mark) => mark.bytes.every((byte, index) => bytes[index] === byte));
  if (foreign) return { issue: encodingIssue(display, `the file is ${foreign.name}`, "", 0) };
  const invalid = firstInvalidByte(bytes);
  if (invalid !== undefined) {
    const before = new TextDecoder("utf-8").decode(bytes.subarray(0, invalid));
    return {
      issue: encodingIssue(display, `byte ${hex(bytes[invalid] as number, 2)} is not UTF-8`, before, before.length),
    };
  }
  const text = new TextDecoder("utf-8").decode(bytes);
  const hidden = hiddenCharacter(text);
  if (!hidden) return { text };
  return { issue: { ...hidden.issue, position: positionAt(sourceText(display, text), hidden.index) } };
}

function encodingIssue(display: string, message: string, text: string, offset: number): Issue {
  const position = positionAt(sourceText(display, text), offset);
  return { code: "encoding", message, position, expected: "a file saved as UTF-8" };
}

/**
 * The first character of a text that a person would not see: in a file as it stands, or in a value that an escape made.
 * Values with such characters would also reach the terminal of whoever reads a message about them.
 */
export function hiddenCharacter(text: string): { issue: IssueText; index: number } | undefined {
  const control = CONTROL.exec(text);
  const found = control ?? REORDERING.exec(text);
  if (!found) return undefined;
  const name = `U+${hex(found[0].charCodeAt(0), 4).toUpperCase()}`;
  const message = control
    ? `the control character ${name} is not allowed`
    : `${name} makes text look different from what it is`;
  return { issue: { code: "control-character", message, expected: "plain text" }, index: found.index };
}

/** The length of the longest valid start is found by halving: decoding a valid prefix never throws in streaming mode. */
function firstInvalidByte(bytes: Uint8Array): number | undefined {
  if (isUtf8(bytes, false)) return undefined;
  let [valid, invalid] = [0, bytes.length];
  while (invalid - valid > 1) {
    const middle = (valid + invalid) >> 1;
    if (isUtf8(bytes.subarray(0, middle), true)) valid = middle;
    else invalid = middle;
  }
  return valid;
}

/** With `stream`, an unfinished character at the end is not an error. */
function isUtf8(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
