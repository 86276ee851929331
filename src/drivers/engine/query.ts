/**
 * A query string from plain values; objects become JSON, which is how the Engine API takes filters.
 * @param lists values that it takes as several members of one name
 */
export function queryOf(values: Record<string, unknown>, lists: Record<string, readonly string[]> = {}): string {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(values)) {
    if (value !== undefined) query.set(key, typeof value === "object" ? JSON.stringify(value) : String(value));
  }
  for (const [key, list] of Object.entries(lists)) for (const value of list) query.append(key, value);
  return query.size > 0 ? `?${query}` : "";
}

/** Part of a path that may hold slashes, as image references do; the engine's router wants those as they are. */
export function encodeReference(reference: string): string {
  return encodeURIComponent(reference).replaceAll("%2F", "/").replaceAll("%3A", ":").replaceAll("%40", "@");
}
