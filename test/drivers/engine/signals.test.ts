import { describe, expect, it } from "vitest";

import { signalNumber } from "../../../src/drivers/engine/signals.ts";

describe("the number of a signal", () => {
  it.each([
    ["SIGTERM", 15],
    ["term", 15],
    ["SIGHUP", 1],
    ["KILL", 9],
    ["SIGUSR1", 10],
    ["SIGSYS", 31],
    ["SIGRTMIN", 34],
    ["SIGRTMIN+3", 37],
    ["RTMAX-1", 63],
    ["10", 10],
    ["64", 64],
  ])("of %s is %d", (text, number) => expect(signalNumber(text)).toBe(number));

  it.each(["", "SIG", "SIGNONE", "0", "65", "-1", "SIGRTMIN-1", "SIGRTMAX+1", "1.5"])("%j is none", (text) => {
    expect(signalNumber(text)).toBeUndefined();
  });
});
