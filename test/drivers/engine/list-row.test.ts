import { describe, expect, it } from "vitest";

import { containerOf, networksOf, stateOf } from "../../../src/drivers/engine/list-row.ts";
import type { ContainerRow } from "../../../src/drivers/engine/list-row.ts";

const ID = "a".repeat(64);
const NO_IDS = new Map<string, string>();
const ROW: ContainerRow = {
  Id: "c1",
  Names: ["/web"],
  ImageID: "sha256:1",
  Labels: { a: "b" },
  State: "running",
  Status: "Up 2 minutes",
  Created: 1_700_000_000,
};

describe("a container of the list", () => {
  it("has the engine's facts in devc's form", () => {
    expect(containerOf(ROW, NO_IDS)).toEqual({
      id: "c1",
      name: "web",
      labels: { a: "b" },
      imageId: "sha256:1",
      state: "running",
      health: "none",
      networks: {},
      mounts: {},
      createdAt: 1_700_000_000_000,
    });
  });

  it("may lack labels, names and mounts", () => {
    const row = { ...ROW, Labels: null, Names: null, Mounts: null, NetworkSettings: null };
    expect(containerOf(row, NO_IDS)).toMatchObject({ name: "", labels: {}, mounts: {}, networks: {} });
  });

  it.each([
    ["Up 1 second (health: starting)", "starting"],
    ["Up 1 second (healthy)", "healthy"],
    ["Up 3 days (unhealthy)", "unhealthy"],
    ["Up 1 second (Paused)", "none"],
    ["Exited (137) 1 second ago", "none"],
  ])("'%s' is %s", (Status, health) => {
    expect(containerOf({ ...ROW, Status }, NO_IDS).health).toBe(health);
  });

  it("has its image's ID with the algorithm", () => {
    expect(containerOf({ ...ROW, ImageID: ID }, NO_IDS).imageId).toBe(`sha256:${ID}`);
  });

  it("names volumes by name, host folders by path, and leaves tmpfs out", () => {
    const mount = (Type: string, Destination: string, more: object) => ({ Type, Destination, RW: true, ...more });
    const Mounts = [
      mount("volume", "/v", { Name: "data", Source: "/var/lib/engine/data" }),
      mount("bind", "/b", { Source: "/srv" }),
      mount("tmpfs", "/t", { Source: "" }),
    ];
    expect(containerOf({ ...ROW, Mounts }, NO_IDS).mounts).toEqual({
      "/v": { type: "volume", source: "data" },
      "/b": { type: "bind", source: "/srv" },
    });
  });
});

describe("attached networks", () => {
  it("leave out those that stand for none", () => {
    expect(networksOf({ none: { NetworkID: ID }, host: { NetworkID: ID } }, NO_IDS)).toEqual({});
  });

  it("have an ID, none before the first start, and that of their name where the engine only names them", () => {
    const networks = {
      a: { NetworkID: ID },
      b: { NetworkID: "" },
      c: { NetworkID: "c" },
      d: { NetworkID: "d" },
      e: null,
    };
    expect(networksOf(networks, new Map([["c", "c-id"]]))).toEqual({
      a: { id: ID },
      b: { id: "" },
      c: { id: "c-id" },
      d: { id: "" },
      e: { id: "" },
    });
  });
});

describe("a state", () => {
  it.each([
    ["created", "created"],
    ["configured", "created"],
    ["initialized", "created"],
    ["running", "running"],
    ["stopping", "running"],
    ["stopped", "exited"],
    ["exited", "exited"],
    ["paused", "paused"],
    ["restarting", "restarting"],
    ["removing", "removing"],
    ["dead", "dead"],
  ])("'%s' is %s", (word, state) => {
    expect(stateOf(word, "web")).toBe(state);
  });

  it("that no engine is known to have is an error", () => {
    expect(() => stateOf("melting", "web")).toThrow(/unknown state of container web: 'melting'/);
    expect(() => stateOf("constructor", "web")).toThrow(/unknown state/);
  });
});
