import { createHash } from "node:crypto";

/** A plain JSON value. Specs, patches and labels are made of nothing else. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };

/** A JSON object. */
export type JsonObject = { [key: string]: Json };

/**
 * The one text of a JSON value: keys sorted by code unit, no white space, `undefined` members left out.
 * Equal values give equal bytes whatever order their keys were written in, which is what hashes and labels compare.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  if (value !== null && typeof value === "object") {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(",")}}`;
  }
  return JSON.stringify(value);
}

/** Lower-case hexadecimal SHA-256 of a UTF-8 text. */
export function sha256(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
