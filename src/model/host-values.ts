import { DevcError } from "./errors.ts";

/**
 * What stands in specs, plans and labels for a value of the host's environment: `hosts:` and a keyed hash of the value, so
 * that equal values have equal placeholders and nobody can tell the value from one.
 */
export const HOST_PLACEHOLDER = /hosts:([0-9a-f]{32})/g;

/** Whether a text holds a placeholder. */
export function holdsPlaceholder(text: string): boolean {
  return text.search(HOST_PLACEHOLDER) !== -1;
}

/**
 * Puts the values back that placeholders stand for.
 * @param values `Desired.hostValues`
 * @throws DevcError `internal` for a placeholder nothing is known about: a sandbox must never be made with one in place of
 * its value
 */
export function reveal(text: string, values: Readonly<Record<string, string>>): string {
  return text.replaceAll(HOST_PLACEHOLDER, (placeholder) => {
    const value = Object.hasOwn(values, placeholder) ? values[placeholder] : undefined;
    if (value !== undefined) return value;
    throw new DevcError("internal", `nothing is known about the value behind ${placeholder}`, { subject: placeholder });
  });
}

/** `reveal` for every value of a map. */
export function revealAll(
  texts: Readonly<Record<string, string>>,
  values: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(texts).map(([name, text]) => [name, reveal(text, values)]));
}
