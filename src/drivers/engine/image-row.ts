import type { ImageFacts } from "../../model/image-facts.ts";
import { imageIdOf } from "./list-row.ts";

/** Members of GET /images/{name}/json that devc reads. */
export type ImageRow = {
  Id: string;
  Os?: string;
  Architecture?: string;
  Config?: {
    Labels?: Record<string, string> | null;
    User?: string;
    Env?: string[] | null;
    Entrypoint?: string[] | string | null;
    Cmd?: string[] | null;
    WorkingDir?: string;
  } | null;
};

/** What an inspect says of an image. */
export function imageOf({ Id, Os, Architecture, Config }: ImageRow): ImageFacts {
  return {
    id: imageIdOf(Id),
    labels: Config?.Labels ?? {},
    user: Config?.User ?? "",
    env: environmentOf(Config?.Env ?? []),
    entrypoint: wordsOf(Config?.Entrypoint),
    command: wordsOf(Config?.Cmd),
    workdir: Config?.WorkingDir ?? "",
    os: Os ?? "",
    architecture: Architecture ?? "",
  };
}

/** Variables from `NAME=value` lines. */
export function environmentOf(lines: string[]): Record<string, string> {
  return Object.fromEntries(
    lines.map((line) => {
      const at = line.indexOf("=");
      return at < 0 ? [line, ""] : [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** A program with its arguments; empty when there is none. */
export function wordsOf(value: string[] | string | null | undefined): string[] {
  return typeof value === "string" ? [value] : (value ?? []);
}
