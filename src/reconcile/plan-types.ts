import type { Operation } from "fast-json-patch";

import type { Notice } from "../model/desired.ts";
import type { ImageBuild } from "../model/devcontainer/build.ts";
import type { HookPhase, HooksSpec } from "../model/devcontainer/lifecycle.ts";
import type { Address, ResourceKind } from "../model/names.ts";
import type { SecurityDelta } from "../model/posture.ts";
import type { ContainerSpec, NetworkSpec, ResourcesSpec, VolumeSpec } from "../model/spec.ts";

/** What happens to one resource. `resume` finishes or undoes what a crash left. */
export type Action = "none" | "create" | "update" | "replace" | "delete" | "start" | "stop" | "resume";

/** Why, as data; `report/` makes the sentences. `path` points into the resource; `drift`: nobody changed the manifest. */
export type Reason = { code: ReasonCode; path?: string; detail?: string; drift?: true };

/** Codes of reasons. */
export type ReasonCode =
  | "missing" // desired, not there
  | "not-declared" // there, no longer desired
  | "field-changed" // `path` in the spec
  | "image-changed" // another image ID behind the reference, or another reference
  | "limit-lifted" // a cap is removed, which no engine does in place
  | "stopped" // should run, does not
  | "running" // should not run, does
  | "paused"
  | "dead" // the engine failed to remove it; it cannot start again
  | "renamed" // `detail` is the name it has now
  | "network-connected" // attached to a network it should not have; `detail` names it
  | "network-missing" // not attached to a network it should have
  | "network-replaced" // attached to a network that is gone, under the same name
  | "interrupted" // leftovers of an apply that did not finish; `detail` says which
  | "stale-record" // a record whose container is gone
  | "build-inputs-changed" // Dockerfile, context or arguments are not those the image was built from
  | "base-changed" // another image behind a reference the Dockerfile starts from
  | "hooks-pending"; // commands of the devcontainer.json did not all succeed yet

/** A rule that forbids a change until the person says otherwise. */
export type Guard = { code: "protected" | "mass-delete"; message: string; hint: string };

/** State a saved plan relies on; compared when it is applied. */
export type Precondition = {
  id?: string;
  core?: string;
  state?: string;
  absent?: true;
  /** ID of the image a container will be created from; a tag that moved since makes the plan stale. */
  image?: string;
  /** `ImageBuild.inputs` of an image that will be built. */
  inputs?: string;
};

/** One resource's part of the plan. */
export type Change = {
  address: Address;
  kind: ResourceKind;
  project: string;
  action: Action;
  /** The cause is not a change of the manifest: somebody or something changed the live state. */
  drift: boolean;
  reasons: Reason[];
  /** RFC 6902 from the state before to the state after, with `test` operations carrying old values. */
  patch: Operation[];
  security: SecurityDelta[];
  disruption: "none" | "restart" | "replace";
  guards: Guard[];
  expect: Precondition;
  /** Numbers of this change's operations. */
  ops: number[];
  /** Only the image is planned; what the sandbox will be is known when it is there, and planned then. */
  awaitsImage?: true;
  /** Present with `awaitsImage`: numbers of the operations, of any change, that bring the image. */
  waitsFor?: number[];
};

/** A container that exists, or the result of an earlier operation. */
export type ContainerRef = { id: string } | { created: number };
/** A network that exists, or the result of an earlier operation. */
export type NetworkRef = { id: string } | { created: number };
/** An image that is present, or one an earlier operation pulls. */
export type ImageRef = { id: string } | { pulled: string };

/** One engine call, all its arguments decided. */
export type OpCall =
  | { op: "image.pull"; reference: string }
  | { op: "image.build"; tag: string; build: ImageBuild }
  | { op: "image.remove"; reference: string }
  | { op: "volume.create"; name: string; spec: VolumeSpec; owner: Address }
  | { op: "volume.remove"; name: string }
  | { op: "network.create"; name: string; spec: NetworkSpec }
  | { op: "network.remove"; network: NetworkRef }
  | { op: "network.connect"; network: NetworkRef; container: ContainerRef; aliases?: string[] }
  | { op: "network.disconnect"; network: NetworkRef; container: ContainerRef }
  | {
      op: "container.create";
      name: string;
      image: ImageRef;
      spec: ContainerSpec;
      /** By which other tools find it: `DesiredDevcontainer.labels`. */
      labels?: Record<string, string>;
    }
  | { op: "container.start"; container: ContainerRef }
  | { op: "container.unpause"; container: ContainerRef }
  | { op: "container.wait"; container: ContainerRef }
  /** Notes that commands of these phases are still to run, before they may: survives a crash and a failure. */
  | { op: "hooks.begin"; container: ContainerRef; phases: HookPhase[] }
  /** Runs the commands of these phases that have not run yet. */
  | { op: "hooks.run"; container: ContainerRef; phases: HookPhase[]; hooks: HooksSpec }
  /** All ran: removes the note. */
  | { op: "hooks.end"; container: ContainerRef }
  | { op: "container.stop"; container: ContainerRef }
  | { op: "container.rename"; container: ContainerRef; name: string }
  | { op: "container.update"; container: ContainerRef; resources: ResourcesSpec }
  | { op: "container.remove"; container: ContainerRef };

/** A numbered operation of the graph. */
export type Op = OpCall & {
  n: number;
  address: Address;
  /** Operations that must have succeeded before. */
  after: number[];
  /** Why, in words. */
  cause: string;
  /** What undoes the change so far when this operation fails, in order. */
  undo?: OpCall[];
};

/** Something that carries our labels, or those of a devcontainer of ours, and is not ours; reported, never touched. */
export type Foreign = { kind: "container" | "network" | "volume"; id: string; name: string; why: string };

/** Counts by action, for the last line. */
export type Summary = {
  create: number;
  update: number;
  replace: number;
  delete: number;
  start: number;
  stop: number;
  resume: number;
  unchanged: number;
  drift: number;
  loosening: number;
};

/** The whole difference between desired and live. Byte-identical for equal inputs. */
export type Plan = {
  workspace: string;
  root: string;
  notices: Notice[];
  /** Sorted by address; `none` included. */
  changes: Change[];
  ops: Op[];
  /** Volumes no longer declared that stay, because data is never deleted unasked. */
  kept: Address[];
  foreign: Foreign[];
  summary: Summary;
};
