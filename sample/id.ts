import { Types } from 'mongoose';
import { hashText } from './random.js';

const EPOCH_S = Date.UTC(2025, 10, 20) / 1000;
const COUNTER = 0x100_0000;
const marks = new Map<string, readonly [number, number]>();

/**
 * The identifier of the `n`-th thing of a kind, such as `id('blog.user', 17)`. It is computed, never looked up, so
 * references need no memory; it grows with `n`, as identifiers made by a driver do.
 */
export function id(kind: string, n: number): Types.ObjectId {
  let mark = marks.get(kind);
  if (!mark) {
    mark = [hashText(kind) >>> 0, hashText(`${kind}/`) & 0xff];
    marks.set(kind, mark);
  }
  const bytes = Buffer.alloc(12);
  bytes.writeUInt32BE(EPOCH_S + Math.floor(n / COUNTER), 0);
  bytes.writeUInt32BE(mark[0], 4);
  bytes.writeUInt8(mark[1], 8);
  bytes.writeUIntBE(n % COUNTER, 9, 3);
  return new Types.ObjectId(bytes);
}
