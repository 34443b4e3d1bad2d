import fc from 'fast-check';
import type { FormattedExecutionResult } from 'graphql';
import { setImmediate as round } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { turns } from '../../compartment/turns.js';
import { stringifyWithin } from './answer-size.js';

const write = async (answer: FormattedExecutionResult, mostBytes: number) =>
  stringifyWithin(mostBytes, 'shop')(answer);

const value = fc.jsonValue({ maxDepth: 4 });

test('an answer is written when it fits, to the byte', async () => {
  await fc.assert(
    fc.asyncProperty(value, async (node) => {
      const answer = { data: { node } };
      const text = `${JSON.stringify(answer)}\n`;
      const bytes = Buffer.byteLength(text);
      expect(await write(answer, bytes)).toBe(text);
      expect(JSON.parse(await write(answer, bytes - 1))).toMatchObject({
        data: null,
        errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }],
      });
    }),
    { numRuns: 1_000 },
  );
});

test('a long one is written in turns, as it would be at once', async () => {
  const oddities = fc.record({
    none: fc.constantFrom<unknown>(undefined, () => 1, Symbol('no JSON'), Number.NaN, new Date(0)),
    '"': value,
    much: fc.constantFrom('x', 'é'.repeat(7_000)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(fc.oneof(value, oddities), { maxLength: 5 }), async (some) => {
      const nodes = Array.from({ length: 50 }, () => [some, { some, empty: [[], {}] }, ...some]);
      const much = { title: 't'.repeat(1_000), more: Array.from({ length: 400 }, () => 'm'.repeat(1_000)) };
      const answer = { data: { nodes, much }, extensions: { none: undefined } };
      const text = `${JSON.stringify(answer)}\n`;
      const bytes = Buffer.byteLength(text);
      expect(await write(answer, bytes)).toBe(text);
      expect(JSON.parse(await write(answer, bytes - 1))).toMatchObject({ data: null });
    }),
    { numRuns: 20 },
  );
});

test('others have their turns while a long one is written', async () => {
  const answer = {
    data: { nodes: Array.from({ length: 40_000 }, (_, at) => ({ at, title: 't'.repeat(40) })) },
  };
  await turns.take('shop');
  let neighbours = 0;
  const over = new AbortController();
  const others = (async () => {
    for (; !over.signal.aborted; neighbours += 1) await (turns.take('neighbour') ?? round());
  })();
  await write(answer, 8_000_000);
  over.abort();
  await others;
  expect(neighbours).toBeGreaterThanOrEqual(5);
});

test('one text at ten thousand places is not written to find that it is too long', async () => {
  const body = 'x'.repeat(100_000);
  const answer = { data: { nodes: Array.from({ length: 10_000 }, () => ({ body })) } };
  const written = vi.spyOn(JSON, 'stringify');
  expect(await write(answer, 8_000_000)).toContain('larger than 8000000 bytes');
  expect(written.mock.calls.length).toBeLessThan(400);
  written.mockRestore();
});

test('what writes itself is as long as it writes', async () => {
  const at = { toJSON: () => 'x', much: 'y'.repeat(1_000) };
  expect(await write({ data: { at } }, 100)).toBe('{"data":{"at":"x"}}\n');
});
