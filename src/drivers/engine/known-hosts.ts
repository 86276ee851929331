import { createHmac } from "node:crypto";

/** What `known_hosts` files say about a host's key. */
export type HostKeyVerdict = "known" | "unknown" | "changed" | "revoked";

type Entry = { hosts: string[]; revoked: boolean; type: string; key: string };

/**
 * Judges a host's key by the texts of `known_hosts` files: plain, hashed, wildcard and negated names, `[host]:port`,
 * `@revoked` (sshd(8), SSH_KNOWN_HOSTS FILE FORMAT). Certificates (`@cert-authority`) are not supported and prove nothing.
 * @param key public key blob in wire format (RFC 4253 §6.6)
 */
export function judgeHostKey(texts: string[], host: string, port: number, key: Buffer): HostKeyVerdict {
  const entries = entriesFor(texts, host, port);
  const encoded = key.toString("base64");
  if (entries.some((entry) => entry.revoked && entry.key === encoded)) return "revoked";
  const trusted = entries.filter(({ revoked }) => !revoked);
  if (trusted.some((entry) => entry.key === encoded)) return "known";
  return trusted.length > 0 ? "changed" : "unknown";
}

/** Key types that are on file for a host, to ask the server for one of these rather than for one nobody knows. */
export function knownKeyTypes(texts: string[], host: string, port: number): string[] {
  return [...new Set(entriesFor(texts, host, port).flatMap(({ type, revoked }) => (revoked ? [] : [type])))];
}

function entriesFor(texts: string[], host: string, port: number): Entry[] {
  const name = port === 22 ? host.toLowerCase() : `[${host.toLowerCase()}]:${port}`;
  return texts.flatMap((text) => text.split("\n").flatMap(readLine)).filter(({ hosts }) => names(hosts, name));
}

function readLine(line: string): Entry[] {
  const fields = line.trim().split(/\s+/);
  const marker = fields[0]?.startsWith("@") ? fields.shift() : undefined;
  const [hosts, type, key] = fields;
  if (marker === "@cert-authority" || hosts === undefined || hosts.startsWith("#") || !type || !key) return [];
  return [{ hosts: hosts.split(","), revoked: marker === "@revoked", type, key }];
}

function names(patterns: string[], name: string): boolean {
  if (patterns.some((pattern) => pattern.startsWith("!") && matches(pattern.slice(1), name))) return false;
  return patterns.some((pattern) => matches(pattern, name));
}

function matches(pattern: string, name: string): boolean {
  const hashed = /^\|1\|([^|]+)\|([^|]+)$/.exec(pattern);
  if (hashed) {
    const [, salt, hash] = hashed as unknown as [string, string, string];
    return createHmac("sha1", Buffer.from(salt, "base64")).update(name).digest("base64") === hash;
  }
  const source = pattern.toLowerCase().replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`);
  return new RegExp(`^${source.replaceAll("*", ".*").replaceAll("?", ".")}$`).test(name);
}
