import { describe, expect, it } from "vitest";

import type { Host } from "../../src/cli/context.ts";
import { watchInterrupts } from "../../src/cli/signals.ts";
import { DevcError } from "../../src/model/errors.ts";
import type { Reporter } from "../../src/report/reporter.ts";

function watch(owned = false) {
  const handlers: (() => void)[] = [];
  const ended: number[] = [];
  const messages: string[] = [];
  const host: Pick<Host, "onSignal" | "terminate"> = {
    onSignal: (_signal, handler) => {
      handlers.push(handler);
      return () => void handlers.splice(handlers.indexOf(handler), 1);
    },
    terminate: (exitCode) => void ended.push(exitCode),
  };
  const reporter: Pick<Reporter, "message"> = { message: (line) => void messages.push(line) };
  return { interrupts: watchInterrupts(host, reporter, owned), handlers, ended, messages };
}

describe("an interrupt", () => {
  it("asks to stop the first time and says what a second one does", () => {
    const { interrupts, handlers, ended, messages } = watch();
    handlers[0]?.();
    expect(interrupts.stopping.aborted).toBe(true);
    expect(interrupts.stopping.reason).toBeInstanceOf(DevcError);
    expect(messages[0]).toContain("Interrupt again");
    expect(ended).toEqual([]);
  });

  it("ends the process the second time", () => {
    const { handlers, ended } = watch();
    handlers[0]?.();
    handlers[1]?.();
    expect(ended).toEqual([130]);
  });

  it("is nobody's business after the command ended, or when the command deals with it", () => {
    const { interrupts, handlers } = watch();
    expect(handlers).toHaveLength(2);
    interrupts.end();
    expect(handlers).toEqual([]);
    expect(watch(true).handlers).toEqual([]);
  });
});
