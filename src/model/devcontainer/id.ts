import { sha256 } from "../json.ts";

/** Digits of 256 bits in base 32. */
const ID_LENGTH = 52;

/**
 * The value of `${devcontainerId}`: it is made of the labels by which tools find the container
 * (`devcontainer.local_folder`, `devcontainer.config_file`), so that every tool names the same volumes.
 * https://containers.dev/implementors/spec/#label-based-computation
 */
export function devcontainerId(labels: Readonly<Record<string, string>>): string {
  const text = JSON.stringify(labels, Object.keys(labels).toSorted());
  return BigInt(`0x${sha256(text)}`)
    .toString(32)
    .padStart(ID_LENGTH, "0");
}
