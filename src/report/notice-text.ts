import { printable } from "./text.ts";

/** A notice, or what a document holds of one. */
type Noticed = { project?: string | undefined; message: string; hint?: string | undefined };

/** A notice for people, with what to do about it beneath: `Note: web: asked, not granted by profile moderate: privileged`. */
export function noticeText({ project, message, hint }: Noticed): string {
  const text = `Note: ${project === undefined ? "" : `${project}: `}${printable(message)}`;
  return hint === undefined ? text : `${text}\n      ${printable(hint)}`;
}
