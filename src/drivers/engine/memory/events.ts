import type { EngineEvent } from "../engine.ts";

/** Hands events to every subscriber. */
export type Broadcast = {
  send(event: EngineEvent): void;
  subscribe(signal: AbortSignal): AsyncIterable<EngineEvent>;
};

/** A broadcast without history: who subscribes later misses what was sent before. */
export function createBroadcast(): Broadcast {
  const subscribers = new Set<(event: EngineEvent) => void>();
  return {
    send(event) {
      for (const deliver of subscribers) deliver(structuredClone(event));
    },
    subscribe: (signal) => subscription(subscribers, signal),
  };
}

function subscription(subscribers: Set<(event: EngineEvent) => void>, signal: AbortSignal): AsyncIterable<EngineEvent> {
  const queue: EngineEvent[] = [];
  let wake: (() => void) | undefined;
  const deliver = (event: EngineEvent): void => {
    queue.push(event);
    wake?.();
  };
  const end = (): void => {
    subscribers.delete(deliver);
    wake?.();
  };
  // Subscribed by the call, not by the first read, so that nothing falls between a subscription and a list.
  if (!signal.aborted) subscribers.add(deliver);
  signal.addEventListener("abort", end, { once: true });
  return {
    async *[Symbol.asyncIterator]() {
      try {
        while (!signal.aborted) {
          const event = queue.shift();
          if (event) yield event;
          else await new Promise<void>((resolve) => void (wake = resolve));
        }
      } finally {
        signal.removeEventListener("abort", end);
        end();
      }
    },
  };
}
