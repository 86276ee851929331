import type { Readable } from "node:stream";

/** Values of a stream of JSON texts, one per line. A last line without an end is a value too. */
export async function* jsonLines(source: Readable): AsyncGenerator<unknown> {
  let pending = "";
  source.setEncoding("utf8");
  for await (const chunk of source as AsyncIterable<string>) {
    const lines = (pending + chunk).split("\n");
    pending = lines.pop() ?? "";
    for (const line of lines) if (line.trim() !== "") yield JSON.parse(line);
  }
  if (pending.trim() !== "") yield JSON.parse(pending);
}
