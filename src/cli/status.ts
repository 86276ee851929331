import type { DesiredSandbox } from "../model/desired.ts";
import { addressOf, parseAddress } from "../model/names.ts";
import { hooksRecordOf, inventory } from "../reconcile/inventory.ts";
import type { OwnedContainer } from "../reconcile/ownership.ts";
import { startHooks } from "../reconcile/plan-hooks.ts";
import type { Change } from "../reconcile/plan-types.ts";
import type { SandboxStatus, StatusDocument } from "../report/documents/status.ts";
import { statusText } from "../report/status-text.ts";
import { COMMON, COMMON_HELP } from "./common.ts";
import type { Context } from "./context.ts";
import type { Input, OperandSpec, OptionTable } from "./options.ts";
import { openEngine, openWorkspace, prepare } from "./prepare.ts";
import type { Prepared } from "./prepare.ts";

export const options = {
  ...COMMON,
  project: { type: "string", short: "p", multiple: true },
  refresh: { type: "boolean" },
} as const satisfies OptionTable;

export const operands: OperandSpec = { usage: "", min: 0, max: 0 };

export const help = `Usage: devc status [OPTIONS]

Shows every sandbox of the workspace: what it is, whether it runs, and whether it still matches devc.yaml.

  -p, --project NAME  only this project; may be repeated
      --refresh       inspect every container: also finds limits that others changed

${COMMON_HELP}
Examples:
  devc status
  devc status --json | jq -r '.sandboxes[] | select(.drift) | .project'
`;

/** Observes, compares, prints. */
export async function run(context: Context, { options: given }: Input<typeof options>): Promise<number> {
  const { reporter, clock } = context;
  const began = clock.now();
  const workspace = await openWorkspace(context, given.file);
  const engine = await openEngine(context);
  const projects = given.project.length > 0 ? { projects: [...new Set(given.project)].toSorted() } : {};
  const request = { ...projects, pruneVolumes: false, refresh: given.refresh, destroy: false };
  const prepared = await prepare(context, workspace, engine, request, began);
  const status: StatusDocument = {
    format: "devc.status/1",
    devc: context.version,
    workspace: prepared.plan.workspace,
    root: prepared.plan.root,
    engine: { name: engine.facts.name, version: engine.facts.version, endpoint: engine.engine.endpoint },
    sandboxes: sandboxStatuses(prepared),
    notices: prepared.plan.notices,
  };
  reporter.result(statusText(status, clock.now(), reporter.out));
  reporter.document(status);
  return 0;
}

function sandboxStatuses({ plan, live, desired, workspace }: Prepared): SandboxStatus[] {
  const { containers, records } = inventory({ workspace: plan.workspace, root: plan.root }, live);
  const declared = new Map(desired.resources.flatMap((one) => (one.kind === "sandbox" ? [[one.project, one]] : [])));
  const changes = new Map(plan.changes.map((change) => [change.address, change]));
  const projects = plan.changes.flatMap(({ kind, project }) => (kind === "sandbox" ? [project] : []));
  return [...new Set(projects)].toSorted().map((project) => {
    const address = addressOf("sandbox", project);
    const related = plan.changes.filter((change) => parseAddress(change.address)?.project === project);
    const change = changes.get(address);
    const profile = workspace.manifest.projects.find(({ name }) => name === project)?.profile ?? null;
    const owned = current(containers.get(address) ?? []);
    const noted = owned !== undefined && records.has(hooksRecordOf(owned.container, project));
    return statusOf(project, profile, declared.get(project), { owned, noted }, change, related);
  });
}

/** Of several containers of one sandbox the one that bears its name, or else the first. */
function current(owned: OwnedContainer[]): OwnedContainer | undefined {
  return owned.find(({ role }) => role === "final") ?? owned[0];
}

function statusOf(
  project: string,
  profile: string | null,
  desired: DesiredSandbox | undefined,
  { owned, noted }: { owned: OwnedContainer | undefined; noted: boolean },
  change: Change | undefined,
  related: Change[],
): SandboxStatus {
  const container = owned?.container;
  const pending = change?.action ?? "none";
  const drift = related.some((one) => one.drift);
  return {
    project,
    state: stateOf(container?.state),
    health: container?.health ?? "none",
    wanted: desired?.state ?? "absent",
    profile,
    image: desired?.spec.image ?? owned?.spec.image ?? "",
    container: container
      ? { id: container.id, name: container.name, createdAt: new Date(container.createdAt).toISOString() }
      : null,
    drift,
    pending,
    hooks: hooksOf(desired, noted, container !== undefined),
    hint: hintOf(project, change, drift),
  };
}

function stateOf(state: OwnedContainer["container"]["state"] | undefined): SandboxStatus["state"] {
  if (state === undefined) return "absent";
  if (state === "created" || state === "exited") return "stopped";
  return state === "removing" ? "dead" : state;
}

/** A sandbox that was never made has run nothing. */
function hooksOf(desired: DesiredSandbox | undefined, noted: boolean, exists: boolean): SandboxStatus["hooks"] {
  const declared = desired !== undefined && startHooks(desired) !== undefined;
  if (noted || (declared && !exists)) return "pending";
  return declared ? "done" : "none";
}

function hintOf(project: string, change: Change | undefined, drift: boolean): string | null {
  const pending = change?.action ?? "none";
  const commands = change?.reasons.some(({ code }) => code === "hooks-pending") ?? false;
  if (commands) return `commands of its devcontainer.json have not all succeeded; devc up ${project}`;
  if (pending === "none") return drift ? `devc up ${project}` : null;
  if (pending === "delete") return "no longer declared; devc apply removes it";
  return `${pending} pending; devc up ${project}`;
}
