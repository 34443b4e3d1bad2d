import { Types } from 'mongoose';
import { BulkheadError } from '../errors/bulkhead-error.js';

const HEX_24 = /^[0-9a-f]{24}$/i;

/** An id of the graph as it is stored, or null when the text cannot be one: nothing has such an id. */
export const findObjectId = (id: string): Types.ObjectId | null =>
  HEX_24.test(id) ? new Types.ObjectId(id) : null;

/**
 * An id of the graph as it is stored.
 *
 * @param argument named in the error.
 * @throws BulkheadError `BAD_USER_INPUT`.
 */
export function toObjectId(id: string, argument: string): Types.ObjectId {
  const found = findObjectId(id);
  if (!found)
    throw new BulkheadError('BAD_USER_INPUT', `${argument}: expected an id of 24 hexadecimal digits.`);
  return found;
}
