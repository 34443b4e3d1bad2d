import fc from 'fast-check';
import { expect, test, vi } from 'vitest';
import { stringifyWithin } from './answer-size.js';

const value = fc.jsonValue({ maxDepth: 4 });

test('an answer is written when it fits, to the byte', () => {
  fc.assert(
    fc.property(value, (node) => {
      const answer = { data: { node } };
      const text = `${JSON.stringify(answer)}\n`;
      const bytes = Buffer.byteLength(text);
      expect(stringifyWithin(bytes)(answer)).toBe(text);
      expect(JSON.parse(stringifyWithin(bytes - 1)(answer))).toMatchObject({
        data: null,
        errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }],
      });
    }),
    { numRuns: 1_000 },
  );
});

test('one text at ten thousand places is not written to find that it is too long', () => {
  const body = 'x'.repeat(100_000);
  const answer = { data: { nodes: Array.from({ length: 10_000 }, () => ({ body })) } };
  const write = vi.spyOn(JSON, 'stringify');
  expect(stringifyWithin(8_000_000)(answer)).toContain('larger than 8000000 bytes');
  expect(write).not.toHaveBeenCalledWith(answer);
  write.mockRestore();
});

test('what writes itself is as long as it writes', () => {
  const at = { toJSON: () => 'x', much: 'y'.repeat(1_000) };
  expect(stringifyWithin(100)({ data: { at } })).toBe('{"data":{"at":"x"}}\n');
});
