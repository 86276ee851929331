import { describe, expect, it } from "vitest";

import {
  capabilitiesFromDifference,
  differenceFromDefault,
  normalCapabilities,
} from "../../../src/drivers/engine/capabilities.ts";

const DEFAULTS = ["CHOWN", "KILL", "SETUID"];

describe("capabilities in the normal form", () => {
  it("have no prefix and no empty part", () => {
    expect(normalCapabilities({ add: ["CAP_CHOWN", "net_raw"], drop: ["ALL"] })).toEqual({
      drop: { ALL: true },
      add: { CHOWN: true, NET_RAW: true },
    });
    expect(normalCapabilities({ add: [], drop: [] })).toBeUndefined();
    expect(normalCapabilities({ add: [], drop: ["KILL"] })).toEqual({ drop: { KILL: true } });
  });
});

describe("capabilities for Podman", () => {
  it("are asked for as the difference from its default, so that nothing needless becomes ambient", () => {
    expect(differenceFromDefault(undefined, DEFAULTS)).toEqual({ add: [], drop: [] });
    expect(differenceFromDefault({ drop: { ALL: true }, add: { CHOWN: true } }, DEFAULTS)).toEqual({
      add: [],
      drop: ["KILL", "SETUID"],
    });
    expect(differenceFromDefault({ drop: { ALL: true }, add: { CHOWN: true, NET_RAW: true } }, DEFAULTS)).toEqual({
      add: ["NET_RAW"],
      drop: ["KILL", "SETUID"],
    });
    expect(differenceFromDefault({ drop: { ALL: true } }, DEFAULTS)).toEqual({ add: [], drop: ["ALL"] });
    expect(differenceFromDefault({ drop: { KILL: true, MKNOD: true } }, DEFAULTS)).toEqual({ add: [], drop: ["KILL"] });
  });

  it.each([
    undefined,
    { drop: { ALL: true as const } },
    { drop: { ALL: true as const }, add: { CHOWN: true as const } },
    { drop: { ALL: true as const }, add: { NET_RAW: true as const } },
    { drop: { MKNOD: true as const } },
    { drop: { KILL: true as const } },
    { add: { SYS_PTRACE: true as const } },
    { drop: { ALL: true as const }, add: { CHOWN: true as const, KILL: true as const, SETUID: true as const } },
  ])("read back as they were asked for: %j", (asked) => {
    const shown = differenceFromDefault(asked, DEFAULTS);
    const listed = {
      add: shown.add.map((name) => `CAP_${name}`),
      drop: shown.drop.includes("ALL") ? DEFAULTS : shown.drop,
    };
    expect(capabilitiesFromDifference(listed, DEFAULTS, asked)).toEqual(asked);
  });

  it("read back as what they are when something else was asked for", () => {
    const asked = { drop: { ALL: true as const } };
    expect(capabilitiesFromDifference({ add: [], drop: [] }, DEFAULTS, asked)).toBeUndefined();
    expect(capabilitiesFromDifference({ add: ["NET_RAW"], drop: [] }, DEFAULTS, asked)).toEqual({
      add: { NET_RAW: true },
    });
    expect(capabilitiesFromDifference({ add: ["NET_RAW"], drop: ["KILL"] }, DEFAULTS, asked)).toEqual({
      drop: { ALL: true },
      add: { CHOWN: true, NET_RAW: true, SETUID: true },
    });
  });
});
