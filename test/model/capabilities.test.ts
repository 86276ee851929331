import { expect, test } from "vitest";

import {
  CAPABILITIES,
  editCapabilities,
  readAddedCapability,
  readDroppedCapability,
} from "../../src/model/capabilities.ts";
import { builtInProfile } from "../../src/model/profiles.ts";

test("names are read with or without CAP_ and in any case", () => {
  for (const written of ["NET_RAW", "CAP_NET_RAW", "cap_net_raw", "net_raw"]) {
    expect(readAddedCapability(written)).toEqual({ name: "NET_RAW" });
  }
});

test.each(["SYS_ADMIN", "cap_sys_module", "SYS_RAWIO", "DAC_READ_SEARCH", "BPF", "ALL"])(
  "%s can be dropped but never added",
  (name) => {
    expect(readDroppedCapability(name)).toHaveProperty("name");
    expect(readAddedCapability(name)).toMatchObject({
      problem: "refused-capability",
      message: expect.stringContaining("never granted: it"),
    });
  },
);

test("an unknown name is refused with the nearest one", () => {
  expect(readAddedCapability("SYS_PTRACER")).toMatchObject({ problem: "unknown-capability", suggestion: "SYS_PTRACE" });
  expect(readAddedCapability("")).toMatchObject({ problem: "unknown-capability" });
});

test("each edit works on the set below it, dropping before adding", () => {
  const edits = [
    { add: ["NET_RAW" as const], drop: ["CHOWN" as const] },
    { add: ["KILL" as const], drop: ["ALL" as const] },
    { add: ["CHOWN" as const, "KILL" as const], drop: [] },
  ];
  expect(editCapabilities(["CHOWN", "SETUID"], edits.slice(0, 1))).toEqual(["NET_RAW", "SETUID"]);
  expect(editCapabilities(["CHOWN", "SETUID"], edits)).toEqual(["CHOWN", "KILL"]);
  expect(editCapabilities(["SETUID", "CHOWN"], [])).toEqual(["CHOWN", "SETUID"]);
});

test("Linux has 41 capabilities, each known once", () => {
  expect(new Set(CAPABILITIES).size).toBe(41);
});

test("no built-in profile holds a capability that is never granted, and each holds those of the stricter one", () => {
  const [strict, moderate, permissive] = ["strict", "moderate", "permissive"].map(
    (name) => builtInProfile(name)?.capabilities ?? [],
  );
  for (const name of permissive ?? []) expect(readAddedCapability(name)).toEqual({ name });
  expect(strict).toEqual([]);
  expect(permissive).toEqual(expect.arrayContaining([...(moderate ?? []), "NET_ADMIN", "NET_RAW", "SYS_PTRACE"]));
  for (const name of ["NET_RAW", "MKNOD", "AUDIT_WRITE", "SETFCAP"]) expect(moderate).not.toContain(name);
  expect([moderate?.length, permissive?.length]).toEqual([10, 16]);
});

test("names of built-in profiles are only their own", () => {
  for (const name of ["constructor", "toString", "__proto__", "Strict", ""])
    expect(builtInProfile(name)).toBeUndefined();
});
