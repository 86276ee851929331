import { generateKeyPairSync, sign } from "node:crypto";

/** A certificate that is its own authority, in PEM, valid from yesterday until tomorrow. */
export type SelfSigned = { cert: string; key: string };

const DAY_MS = 86_400_000;
/** DER of the object identifiers used here: commonName, basicConstraints, subjectAltName, Ed25519 (RFC 5280, RFC 8410). */
const OID = {
  commonName: [0x55, 0x04, 0x03],
  basicConstraints: [0x55, 0x1d, 0x13],
  altName: [0x55, 0x1d, 0x11],
  ed25519: [0x2b, 0x65, 0x70],
};

/** Makes one for a name, and for 127.0.0.1 when it is a server's. */
export function selfSign(name: string, { loopback }: { loopback: boolean }): SelfSigned {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const algorithm = sequence(oid(OID.ed25519));
  const subject = sequence(der(0x31, sequence(oid(OID.commonName), der(0x0c, Buffer.from(name)))));
  const extensions = [
    sequence(oid(OID.basicConstraints), der(0x04, sequence(der(0x01, Buffer.from([0xff]))))),
    ...(loopback ? [sequence(oid(OID.altName), der(0x04, sequence(der(0x87, Buffer.from([127, 0, 0, 1])))))] : []),
  ];
  const certificate = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.from([1])),
    algorithm,
    subject,
    sequence(time(Date.now() - DAY_MS), time(Date.now() + DAY_MS)),
    subject,
    publicKey.export({ type: "spki", format: "der" }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = Buffer.concat([Buffer.from([0]), sign(null, certificate, privateKey)]);
  const whole = sequence(certificate, algorithm, der(0x03, signature));
  const lines = whole.toString("base64").match(/.{1,64}/g) ?? [];
  const cert = ["-----BEGIN CERTIFICATE-----", ...lines, "-----END CERTIFICATE-----", ""].join("\n");
  return { cert, key: privateKey.export({ type: "pkcs8", format: "pem" }).toString() };
}

/** Tag, length, value (X.690). */
function der(tag: number, ...parts: Buffer[]): Buffer {
  const value = Buffer.concat(parts);
  const { length } = value;
  const head = length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...head]), value]);
}

function sequence(...parts: Buffer[]): Buffer {
  return der(0x30, ...parts);
}

function oid(bytes: number[]): Buffer {
  return der(0x06, Buffer.from(bytes));
}

/** UTCTime, `YYMMDDhhmmssZ`. */
function time(ms: number): Buffer {
  const text = new Date(ms)
    .toISOString()
    .replaceAll(/[-:T]|\.\d+/g, "")
    .slice(2);
  return der(0x17, Buffer.from(text));
}
