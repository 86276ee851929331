import type { OpCall } from "../reconcile/plan-types.ts";
import { printable } from "./text.ts";

type Name = OpCall["op"];

const TEXTS: { [N in Name]: (call: Extract<OpCall, { op: N }>) => string } = {
  "image.pull": ({ reference }) => `pull ${reference}`,
  "image.build": ({ tag }) => `build ${tag}`,
  "image.remove": ({ reference }) => `remove image ${reference}`,
  "volume.create": ({ name }) => `create volume ${name}`,
  "volume.remove": ({ name }) => `remove volume ${name}`,
  "network.create": ({ name }) => `create network ${name}`,
  "network.remove": () => "remove network",
  "network.connect": () => "connect network",
  "network.disconnect": () => "disconnect network",
  "container.create": ({ name }) => `create ${name}`,
  "container.start": () => "start",
  "container.unpause": () => "unpause",
  "container.wait": () => "wait until it is healthy",
  "hooks.begin": () => "note that commands have to run",
  "hooks.run": () => "run the commands of its devcontainer.json",
  "hooks.end": () => "note that all commands ran",
  "container.stop": () => "stop",
  "container.rename": ({ name }) => `rename to ${name}`,
  "container.update": () => "update limits",
  "container.remove": () => "remove container",
};

/** What an operation does, in few words. */
export function opText(call: OpCall): string {
  const text = TEXTS[call.op] as (call: OpCall) => string;
  return printable(text(call));
}
