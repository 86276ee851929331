import { randomBytes } from "node:crypto";

import { afterAll, afterEach, beforeAll, expect } from "vitest";

import type { Engine, LiveContainer } from "../../../src/drivers/engine/engine.ts";
import type { ErrorCode } from "../../../src/model/errors.ts";
import { DevcError } from "../../../src/model/errors.ts";
import { containerLabels, plainLabels, type Origin } from "../../../src/model/labels.ts";
import type { ContainerSpec } from "../../../src/model/spec.ts";
import type { ContractSubject, ImageChanges } from "./subject.ts";

/** How long a condition on a real engine may take, in milliseconds. */
export const PATIENCE = { timeout: 30_000, interval: 50 };

/** A container made by a case. */
export type Made = { id: string; name: string; spec: ContainerSpec };

/** What a case may ask for when it makes a container. */
export type MakeOptions = { spec?: Partial<ContainerSpec>; labels?: Record<string, string>; imageId?: string };

/** What every case works with. Everything it makes is removed after the case; names are unique to the run. */
export type Context = {
  readonly engine: Engine;
  readonly subject: ContractSubject;
  /** ID of the subject's image. */
  readonly imageId: string;
  /** Workspace label of everything made here. */
  readonly workspace: string;
  /** A fresh name. */
  name(): string;
  /** A spec that stays up until it is stopped. */
  spec(over?: Partial<ContainerSpec>): ContainerSpec;
  create(options?: MakeOptions): Promise<Made>;
  /** Creates and starts. */
  run(options?: MakeOptions): Promise<Made>;
  network(): Promise<{ id: string; name: string }>;
  volume(): Promise<string>;
  image(changes: ImageChanges): Promise<{ reference: string; id: string }>;
  /** A fresh reference for an image; what is there under it is removed after the case. */
  tag(): string;
  /** Removes a volume after the case that some call made on the way. */
  forgetVolume(name: string): void;
  /** The container as the list shows it; undefined when it is gone. */
  listed(id: string): Promise<LiveContainer | undefined>;
};

/** Prepares an engine for the cases of the enclosing `describe` and leaves nothing behind. */
export function useContext(make: () => Promise<ContractSubject>): Context {
  const workspace = `ct-${randomBytes(5).toString("hex")}`;
  const origin: Origin = { workspace, root: `/contract/${workspace}`, generation: "01CONTRACT", version: "0.0.0" };
  const made = { containers: new Set<string>(), networks: new Set<string>(), volumes: new Set<string>() };
  const images = new Set<string>();
  const tags = new Set<string>();
  let serial = 0;
  let subject: ContractSubject;
  let imageId = "";

  const context: Context = {
    get engine() {
      return subject.engine;
    },
    get subject() {
      return subject;
    },
    get imageId() {
      return imageId;
    },
    workspace,
    name: () => `${workspace}-${(serial += 1)}`,
    spec: (over = {}) => ({
      image: subject.image,
      entrypoint: ["sleep"],
      command: ["infinity"],
      network: { mode: "none" },
      ...over,
    }),
    async create(options = {}) {
      const name = context.name();
      const spec = context.spec(options.spec);
      const labels = options.labels ?? containerLabels(origin, `sandbox/${name}`, spec);
      const { id } = await context.engine.createContainer({ name, imageId: options.imageId ?? imageId, labels, spec });
      made.containers.add(id);
      return { id, name, spec };
    },
    async run(options) {
      const container = await context.create(options);
      await context.engine.startContainer(container.id);
      return container;
    },
    async network() {
      const name = context.name();
      const spec = { driver: "bridge" } as const;
      const labels = plainLabels(origin, `network/${name}`, spec);
      const { id } = await context.engine.createNetwork({ name, labels, spec });
      made.networks.add(id);
      return { id, name };
    },
    async volume() {
      const name = context.name();
      const spec = { driver: "local" } as const;
      await context.engine.createVolume({ name, labels: plainLabels(origin, `volume/${name}/data`, spec), spec });
      made.volumes.add(name);
      return name;
    },
    async image(changes) {
      const reference = await subject.outOfBand.makeImage(subject.image, context.name(), changes);
      images.add(reference);
      const facts = await context.engine.inspectImage(reference);
      if (!facts) throw new Error(`image ${reference} was made and is not there`);
      return { reference, id: facts.id };
    },
    tag() {
      const tag = `localhost/${context.name()}:built`;
      tags.add(tag);
      return tag;
    },
    forgetVolume: (name) => made.volumes.add(name),
    async listed(id) {
      return (await context.engine.listContainers()).find((container) => container.id === id);
    },
  };

  const drain = async (ids: Set<string>, remove: (id: string) => Promise<void>): Promise<void> => {
    for (const id of ids) await remove(id);
    ids.clear();
  };

  beforeAll(async () => {
    subject = await make();
    const facts = await subject.engine.inspectImage(subject.image);
    if (!facts) throw new Error(`${subject.image} must be present on ${subject.engine.endpoint}`);
    imageId = facts.id;
  }, 120_000);

  afterEach(async () => {
    await drain(made.containers, (id) => subject.engine.removeContainer(id));
    await drain(made.networks, (id) => subject.engine.removeNetwork(id));
    await drain(made.volumes, (name) => subject.engine.removeVolume(name));
    await drain(images, (reference) => subject.outOfBand.removeImage(reference));
    await drain(tags, (reference) => subject.engine.removeImage(reference));
  }, 120_000);

  afterAll(async () => {
    const left = await Promise.all([
      subject.engine.listContainers({ workspace }),
      subject.engine.listNetworks({ workspace }),
      subject.engine.listVolumes({ workspace }),
    ]);
    await subject.cleanup();
    expect(left.flat().map((object) => object.name)).toEqual([]);
  }, 120_000);

  return context;
}

/** Expects a `DevcError` with one of the codes and gives it back. */
export async function failing(attempt: Promise<unknown>, ...codes: ErrorCode[]): Promise<DevcError> {
  const error = await attempt.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error, "the call should have failed").toBeInstanceOf(DevcError);
  const known = error as DevcError;
  if (codes.length > 0) expect(codes, known.message).toContain(known.code);
  return known;
}

/** The part of `value` that `shape` speaks of: members of objects that `shape` has, everything else whole. */
export function restrictTo(shape: unknown, value: unknown): unknown {
  if (!isObject(shape) || !isObject(value)) return value;
  return Object.fromEntries(
    Object.entries(shape).flatMap(([key, inner]) =>
      Object.hasOwn(value, key) ? [[key, restrictTo(inner, value[key])]] : [],
    ),
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}
