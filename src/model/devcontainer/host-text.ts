import type { Surroundings } from "../compile.ts";
import { substitute, usesHostValue, variablesIn } from "./variables.ts";
import type { Variables } from "./variables.ts";

/**
 * Puts variables into what a devcontainer.json and image metadata say. Values of the host's environment come out as they are
 * only where something must be done with them at once; where they would be stored, placeholders stand for them.
 */
export type HostText = {
  /** Every variable put in. Errors: as `substitute`. */
  plain<Value>(raw: Value): Value;
  /** The same with a placeholder for each value of the host's environment. */
  hidden<Value>(raw: Value): Value;
  /** One value that will be stored: all of it becomes a placeholder when it takes anything from the host's environment. */
  stored(raw: string): string;
  /** A placeholder for a text. */
  hide(value: string): string;
  /** What each placeholder stands for. */
  readonly values: Record<string, string>;
};

/** @param variables all but those of the host's environment and the container's */
export function createHostText(surroundings: Surroundings, variables: Omit<Variables, "localEnv">): HostText {
  const values: Record<string, string> = {};
  const hide = (value: string) => {
    const placeholder = surroundings.hide(value);
    values[placeholder] = value;
    return placeholder;
  };
  const plain: HostText["plain"] = (raw) => substitute(raw, { ...variables, localEnv: surroundings.localEnv });
  return {
    values,
    hide,
    plain,
    hidden(raw) {
      const names = usedNames(raw).filter((name) => surroundings.localEnv[name] !== undefined);
      const localEnv = Object.fromEntries(names.map((name) => [name, hide(surroundings.localEnv[name] as string)]));
      return substitute(raw, { ...variables, localEnv });
    },
    stored: (raw) => (usesHostValue(raw) ? hide(plain(raw)) : plain(raw)),
  };
}

/** Names of the host's variables a value uses, at any depth. */
function usedNames(value: unknown): string[] {
  if (typeof value === "string") return value.includes("${") ? namesIn(value) : [];
  if (value === null || typeof value !== "object") return [];
  return Object.values(value).flatMap(usedNames);
}

function namesIn(text: string): string[] {
  return variablesIn(text).flatMap(({ name, rest: [variable] }) =>
    (name === "localEnv" || name === "env") && variable !== undefined ? [variable] : [],
  );
}
