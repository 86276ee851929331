/**
 * The fields of one comma-separated record, as Docker's `--mount` reads it (RFC 4180): a field that begins with a quote ends
 * with one and may hold commas, and two quotes inside of it stand for one.
 */
export function csvFields(text: string): { fields: string[]; problem?: undefined } | { problem: string } {
  const fields: string[] = [];
  let rest = text;
  for (;;) {
    const match = /^(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/.exec(rest);
    if (!match) return { problem: "a quote stands inside of a part, or is not closed" };
    const [whole, quoted, plain = "", end] = match;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end === "") return { fields };
    rest = rest.slice(whole.length);
  }
}
