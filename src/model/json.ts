import { hash } from "node:crypto";

/** A plain JSON value. Specs, patches and labels are made of nothing else. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/**
 * The one text of a JSON value: keys sorted by code unit (whole numbers first, where JavaScript puts them), no white space,
 * `undefined` members left out.
 * Equal values give equal bytes whatever order their keys were written in, which is what hashes and labels compare.
 */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(sorted(value));
}

/**
 * The same value with all keys in canonical order. A value that is in order already is returned as it is: specs are compiled
 * in order, so that a plan over a thousand of them costs no copies.
 */
export function sorted<Value>(value: Value): Value {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return sortedArray(value) as Value;
  const source = value as Record<string, unknown>;
  let previous: string | undefined;
  let inOrder = true;
  let changed: Map<string, unknown> | undefined;
  for (const key of Object.keys(source)) {
    if (source[key] === undefined || (previous !== undefined && key < previous)) inOrder = false;
    previous = key;
    const member = sorted(source[key]);
    if (member !== source[key]) (changed ??= new Map()).set(key, member);
  }
  if (inOrder && changed === undefined) return value;
  const keys = Object.keys(source).filter((key) => source[key] !== undefined);
  return Object.fromEntries(keys.toSorted(byCodeUnit).map((key) => [key, changed?.get(key) ?? source[key]])) as Value;
}

function sortedArray(items: unknown[]): unknown[] {
  const copy = items.map(sorted);
  return copy.every((item, index) => item === items[index]) ? items : copy;
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Lower-case hexadecimal SHA-256 of a UTF-8 text. */
export function sha256(text: string): string {
  return hash("sha256", text);
}
