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
  return isSorted(value) ? value : (sortedCopy(value) as Value);
}

function isSorted(value: unknown): boolean {
  if (value === null || typeof value !== "object") return true;
  if (Array.isArray(value)) return value.every(isSorted);
  let previous = "";
  // A plain object inherits no members, and this builds no list of entries.
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (member === undefined || key < previous || !isSorted(member)) return false;
    previous = key;
  }
  return true;
}

function sortedCopy(value: unknown): unknown {
  if (value === null || typeof value !== "object") return value;
  if (Array.isArray(value)) return value.map(sortedCopy);
  const members = Object.entries(value).filter(([, member]) => member !== undefined);
  return Object.fromEntries(
    members.toSorted(([a], [b]) => byCodeUnit(a, b)).map(([key, member]) => [key, sortedCopy(member)]),
  );
}

function byCodeUnit(a: string, b: string): number {
  return a < b ? -1 : 1;
}

/** Lower-case hexadecimal SHA-256 of a UTF-8 text. */
export function sha256(text: string): string {
  return hash("sha256", text);
}
