/**
 * The little of protocol buffers that BuildKit's messages need: fields by number, in the order in which they stand. Wire
 * format: https://protobuf.dev/programming-guides/encoding/.
 */
export type Field = { number: number; value: bigint | Uint8Array };

const VARINT = 0;
const FIXED64 = 1;
const LENGTH = 2;
const FIXED32 = 5;

/**
 * The fields of a message.
 * @throws RangeError when the bytes end inside a field or hold a wire type that does not exist
 */
export function readFields(bytes: Uint8Array): Field[] {
  const fields: Field[] = [];
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at];
      at += 1;
      if (byte === undefined) throw new RangeError("a protobuf message ends inside a number");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new RangeError("a protobuf number is too long");
  };
  const take = (length: number): Uint8Array => {
    if (at + length > bytes.length) throw new RangeError("a protobuf message ends inside a field");
    at += length;
    return bytes.subarray(at - length, at);
  };
  while (at < bytes.length) {
    const key = Number(varint());
    const number = key >>> 3;
    const type = key & 7;
    if (type === VARINT) fields.push({ number, value: varint() });
    else if (type === LENGTH) fields.push({ number, value: take(Number(varint())) });
    else if (type === FIXED64) take(8);
    else if (type === FIXED32) take(4);
    else throw new RangeError(`a protobuf message has the unknown wire type ${type}`);
  }
  return fields;
}

/** The last text or bytes of a number, as UTF-8; empty when there is none. */
export function textOf(fields: Field[], number: number): string {
  const value = fields.findLast((field) => field.number === number)?.value;
  return value instanceof Uint8Array ? Buffer.from(value).toString("utf8") : "";
}

/** All nested messages of a number. */
export function messagesOf(fields: Field[], number: number): Field[][] {
  return fields.flatMap((field) =>
    field.number === number && field.value instanceof Uint8Array ? [readFields(field.value)] : [],
  );
}

/** A message of texts and bytes by field number. */
export function writeBytes(fields: Record<number, Uint8Array | string>): Uint8Array {
  const parts = Object.entries(fields).flatMap(([number, value]) => {
    const bytes = Buffer.from(value);
    return [writeVarint((Number(number) << 3) | LENGTH), writeVarint(bytes.length), bytes];
  });
  return Buffer.concat(parts);
}

/** A message of one number. */
export function writeNumber(number: number, value: number): Uint8Array {
  return Buffer.concat([writeVarint(number << 3), writeVarint(value)]);
}

function writeVarint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 0x7f; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 0x80);
  bytes.push(rest);
  return Uint8Array.from(bytes);
}
