/**
 * JSON that is safe to show on a terminal: control characters that JSON itself would leave in place (delete, C1) and
 * those that reorder lines are written as escapes, which changes no value.
 */
export function jsonText(value: unknown, indent?: number): string {
  return JSON.stringify(value, undefined, indent).replaceAll(
    /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}
