import 'reflect-metadata';
import { index, modelOptions, prop } from '@typegoose/typegoose';
import * as fc from 'fast-check';
import { Types } from 'mongoose';
import { describe, expect, test, vi } from 'vitest';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { decodeCursor, encodeCursor, type Order, rowsAfter } from './cursor.js';

@modelOptions({ schemaOptions: { collection: 'things' } })
@index({ when: 1, _id: 1 })
class Thing {
  @prop({ type: Date })
  when?: Date;

  @prop({ type: String, required: true })
  name!: string;

  @prop({ type: Number })
  size?: number;

  @prop({ type: Object })
  anything?: unknown;
}

const ID = new Types.ObjectId('a'.repeat(24));
const orders = fc.record<Order>({
  key: fc.constantFrom('when', 'name', 'size', '_id'),
  direction: fc.constantFrom(1, -1),
});
const encoded = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a cursor', () => {
  test('gives back the place it was made for', () => {
    const rows = fc.record(
      {
        _id: fc.constant(ID),
        when: fc.date({ noInvalidDate: true }),
        name: fc.string(),
        size: fc.double({ noNaN: true, noDefaultInfinity: true }).map((one) => (one === 0 ? 0 : one)),
      },
      { requiredKeys: ['_id', 'name'] },
    );
    const property = fc.property(rows, orders, (row, order) => {
      const cursor = encodeCursor('p', Thing, order, row);
      const expected = order.key === '_id' ? null : (row[order.key as 'when' | 'name' | 'size'] ?? null);
      // Names longer than a cursor may be are not sorted by.
      if (cursor.length <= 2_000)
        expect(decodeCursor(cursor, 'p', Thing, order)).toEqual({ value: expected, id: ID });
    });
    expect(() => fc.assert(property)).not.toThrow();
  });

  test('that is none is refused without an error of its own, and most without being read', () => {
    const refusalOf = (cursor: string): unknown => {
      try {
        return decodeCursor(cursor, 'shop', Thing, { key: 'when', direction: 1 });
      } catch (error) {
        return error;
      }
    };
    const read = vi.spyOn(JSON, 'parse');
    const refusals = ['', '!', 'abc', 'x'.repeat(2_000), 'WyIx'.repeat(600), encoded({ a: 1 })].map(
      refusalOf,
    );
    expect(read).not.toHaveBeenCalled();
    // Cut off: the error of reading it stays here, and its trace is not taken.
    const limits: number[] = [];
    read.mockImplementation(() => {
      limits.push(Error.stackTraceLimit);
      throw new SyntaxError('cut off');
    });
    refusals.push(refusalOf(encoded(['1:shop:things:when:1', 1]).slice(0, -4)));
    expect(limits).toEqual([0]);
    read.mockRestore();
    expect(Error.stackTraceLimit).toBeGreaterThan(0);
    expect(refusals[0]).toMatchObject({ code: 'CURSOR_INVALID' });
    for (const one of refusals) expect(one).toBe(refusals[0]);
  });

  test('made of anything else is refused, or holds a plain value of the right type', () => {
    const list = (order: Order) => `1:p:things:${order.key}:${order.direction}`;
    const values = fc.oneof(fc.jsonValue(), fc.integer(), fc.string(), fc.constant({ $where: 'canary' }));
    const property = fc.property(
      orders,
      values,
      fc.oneof(fc.jsonValue(), fc.constant(ID.toHexString())),
      (order, value, id) => {
        let filter: unknown;
        try {
          const position = decodeCursor(encoded([list(order), value, id]), 'p', Thing, order);
          const type = { when: 'object', name: 'string', size: 'number', _id: 'object' }[order.key]!;
          expect(position.value === null || typeof position.value).toBe(position.value === null || type);
          if (order.key === 'when' && position.value !== null)
            expect((position.value as Date).getTime()).not.toBeNaN();
          expect(position.id).toBeInstanceOf(Types.ObjectId);
          filter = rowsAfter(position, order);
        } catch (error) {
          expect(error).toBeInstanceOf(BulkheadError);
          expect((error as BulkheadError).code).toBe('CURSOR_INVALID');
        }
        expect(JSON.stringify(filter ?? {})).not.toContain('$where');
      },
    );
    expect(() => fc.assert(property, { numRuns: 500 })).not.toThrow();
  });

  test.each([
    ['a required key that is missing', { key: 'name', direction: 1 } as const, null],
    ['a date past the last one', { key: 'when', direction: 1 } as const, 8.64e15 + 1],
    ['a key that may hold anything', { key: 'anything', direction: 1 } as const, 1],
    ['a key that is not stored', { key: 'none', direction: 1 } as const, 1],
  ])('with %s is refused', (_, order, value) => {
    const cursor = encoded([`1:p:things:${order.key}:${order.direction}`, value, ID.toHexString()]);
    expect(() => decodeCursor(cursor, 'p', Thing, order)).toThrow('The cursor is malformed');
  });

  test.each(['', ' ', '?', 'ab=', 'e30', `${encoded(['1:p:things:_id:1', null, ID])}!`])(
    'that reads %o is refused',
    (cursor) => {
      expect(() => decodeCursor(cursor, 'p', Thing, { key: '_id', direction: 1 })).toThrow(
        'The cursor is malformed',
      );
    },
  );
});
