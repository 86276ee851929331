import { resolve } from "node:path";

import type { Workspace } from "../drivers/files/load.ts";
import type { Desired } from "../model/desired.ts";
import { DevcError } from "../model/errors.ts";
import { savedPlanOf } from "../reconcile/saved-plan.ts";
import type { SavedPlan } from "../reconcile/saved-plan.ts";
import type { Context } from "./context.ts";
import type { EngineInUse, Prepared, PlanRequest } from "./prepare.ts";

/** The largest file that is read as a saved plan, in bytes: some thousand sandboxes. */
const MAX_BYTES = 64 * 1024 * 1024;

/** A saved plan and what it was asked for. */
export type SavedRequest = { request: PlanRequest; saved: SavedPlan; workspace: string; root: string };

/** Identity of what a plan is made from: a saved plan is good for the same only. */
export function fingerprint(
  context: Context,
  workspace: Workspace,
  { facts }: EngineInUse,
): Omit<SavedPlan, "changes" | "hostValues"> {
  return { devc: context.version, manifest: workspace.sha256, engine: facts.id };
}

/** Placeholders of the values of the host that a workspace uses, sorted. */
export function hostValuesOf({ hostValues }: Desired): string[] {
  return Object.keys(hostValues).toSorted();
}

/** Writes a plan to a private file; `-o FILE` is taken from the working directory. */
export function writeSavedPlan(
  context: Context,
  file: string,
  parts: Pick<Prepared, "plan" | "desired" | "workspace"> & { request: PlanRequest; engine: EngineInUse },
): void {
  const { plan, desired, request, workspace, engine } = parts;
  const document = {
    format: "devc.saved-plan/1",
    workspace: plan.workspace,
    root: plan.root,
    options: request,
    ...savedPlanOf(plan, { ...fingerprint(context, workspace, engine), hostValues: hostValuesOf(desired) }),
  };
  context.fs.writePrivate(resolve(context.cwd, file), `${JSON.stringify(document, undefined, 2)}\n`);
}

/**
 * Reads a file that `devc plan -o` wrote.
 * @throws DevcError `plan-invalid` when it is not there or is not such a file
 */
export async function readSavedPlan(context: Context, file: string): Promise<SavedRequest> {
  const path = resolve(context.cwd, file);
  const invalid = (why: string, cause?: unknown): DevcError =>
    new DevcError("plan-invalid", `${file} is not a saved plan: ${why}`, {
      subject: file,
      hint: `devc plan -o ${file}`,
      cause,
    });
  if (context.fs.stat(path)?.kind !== "file") throw invalid("there is no such file");
  const bytes = context.fs.read(path, MAX_BYTES + 1);
  if (bytes.length > MAX_BYTES) throw invalid("it is too large");
  const { savedPlanDocument } = await import("../report/documents/saved-plan.ts");
  const parsed = savedPlanDocument.safeParse(parseJson(new TextDecoder().decode(bytes), invalid));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    throw invalid(`${issue?.path.join(".") || "the file"}: ${issue?.message}`, parsed.error);
  }
  const { options, workspace, root, devc, manifest, engine, hostValues, changes } = parsed.data;
  return {
    request: options as PlanRequest,
    saved: { devc, manifest, engine, hostValues, changes: changes as SavedPlan["changes"] },
    workspace,
    root,
  };
}

function parseJson(text: string, invalid: (why: string, cause: unknown) => DevcError): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw invalid("it is not JSON", cause);
  }
}
