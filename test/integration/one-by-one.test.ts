import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { TestGateway } from '../support/gateway.js';
import { byText, callsOf } from '../support/recorded.js';
import { wallProduct } from '../support/wall-product.js';

let other: TestGateway;
beforeAll(async () => {
  other = await TestGateway.start({ gateway: defineGateway({ products: { wall: wallProduct } }) });
});
afterAll(() => other.close());

test('names a field that sends a command for each parent, and none that the client repeats', async () => {
  const { recorder } = other.server.runtimes.get('wall')!;
  await other.ask('wall', 'query Walls { walls(count: 12) { stones { name } } }');
  const aliases = Array.from({ length: 12 }, (_, n) => `a${n}: stones { name }`).join(' ');
  await other.ask('wall', `{ ${aliases} }`);
  await other.ask('wall', 'query Loops { looped(times: 11) { name } again: looped(times: 9) { name } }');
  expect(recorder!.drain().unbatched).toMatchObject([
    { operation: 'Walls', field: 'Wall.stones', times: 1, most: 12 },
    { operation: 'Loops', field: 'Query.looped', times: 1, most: 11 },
  ]);
});

describe('reads without row rules', () => {
  test.each(['wall', undefined])(
    'are counted for their field, like others (through %s)',
    async (endpoint) => {
      const { recorder } = other.server.runtimes.get('wall')!;
      const inside = (query: string) => (endpoint ? `{ ${query} }` : `{ wall { ${query} } }`);
      for (const name of ['First', 'Again', 'Compiled'])
        await other.ask(
          endpoint,
          `query ${name} ${inside('walls(count: 12) { isNamed } known(times: 11) few: known(times: 9)')}`,
        );
      const recorded = recorder!.drain();
      expect(callsOf(recorded).sort(byText).slice(0, 2)).toEqual([
        ['find', 'stones', 'Again', 'Query.known', 20],
        ['find', 'stones', 'Again', 'Wall.isNamed', 12],
      ]);
      expect(
        recorded.unbatched.map(({ operation, field, most }) => [operation, field, most]).sort(byText),
      ).toEqual(
        ['Again', 'Compiled', 'First'].flatMap((name) => [
          [name, 'Query.known', 11],
          [name, 'Wall.isNamed', 12],
        ]),
      );
    },
  );

  test.each(['wall', undefined])(
    'by loaders are a loop where one awaits the other, and none where many lists have a batch each (through %s)',
    async (endpoint) => {
      const { recorder } = other.server.runtimes.get('wall')!;
      const inside = (query: string) => (endpoint ? `{ ${query} }` : `{ wall { ${query} } }`);
      const board = Array.from(
        { length: 20 },
        (_, n) => `a${n}: later(count: 20, ms: ${n * 10}) { stone { name } }`,
      );
      const ones = Array.from(
        { length: 10 },
        (_, n) =>
          `a${n}: later(count: 1, ms: ${n * 5}) { waits { name } } b${n}: loaded(times: 1, atOnce: 1)`,
      );
      // Interpreted, then compiled.
      for (const time of [1, 2]) {
        for (const query of [
          `query Board ${inside(board.join(' '))}`,
          `query Ones ${inside(ones.join(' '))}`,
          `query Waits ${inside('walls(count: 12) { waits { name } }')}`,
          `query Loads ${inside('loaded(times: 12, atOnce: 1) again: known(times: 9)')}`,
          `query Pairs ${inside('loaded(times: 11, atOnce: 2)')}`,
          `query InTurn ${inside('walls(count: 12) { inTurn { stone { name } } }')}`,
          `query AtOnce ${inside('loaded(times: 1, atOnce: 2500)')}`,
          `query Counts ${inside('walls(count: 9) { counted } others: walls(count: 9) { counted }')}`,
        ]) {
          const { body } = await other.ask(endpoint, query);
          expect(body.errors).toBeUndefined();
        }
        const found = recorder!
          .drain()
          .unbatched.map(({ operation, field, most }) => [operation, field, most]);
        expect([time, ...found.sort(byText)]).toEqual([
          time,
          ['Counts', 'Wall.counted', 18],
          ['InTurn', 'Wall.inTurn', 12],
          ['Loads', 'Query.loaded', 12],
          ['Pairs', 'Query.loaded', 11],
          ['Waits', 'Wall.waits', 12],
        ]);
      }
    },
  );

  test.each(['wall', undefined])(
    'of the root fields of a mutation, which share no loaders, are no loop together (through %s)',
    async (endpoint) => {
      const { recorder } = other.server.runtimes.get('wall')!;
      const token = endpoint ? await other.service('wall', 'write') : await other.operator();
      const root = endpoint ? 'build' : 'wallBuild';
      const ask = async (name: string, ...counts: readonly number[]) => {
        const fields = counts.map((count, n) => `a${n}: ${root}(count: ${count}) { isNamed }`);
        const { body } = await other.ask(endpoint, `mutation ${name} { ${fields.join(' ')} }`, { token });
        expect(body.errors).toBeUndefined();
      };
      await ask('Apart', ...Array<number>(12).fill(1));
      await ask('Loops', 11, 12, 1);
      expect(recorder!.drain().unbatched).toMatchObject([
        { operation: 'Loops', field: 'Wall.isNamed', times: 1, most: 12 },
      ]);
    },
  );

  test('that a transaction repeats are no loop', async () => {
    const { recorder } = other.server.runtimes.get('wall')!;
    const token = await other.service('wall', 'write');
    const { body } = await other.ask('wall', 'mutation Retried { retried(times: 4) }', { token });
    expect(body).toEqual({ data: { retried: 4 } });
    const recorded = recorder!.drain();
    expect(recorded.unbatched).toEqual([]);
    expect(callsOf(recorded)).toContainEqual(['find', 'stones', 'Retried', 'Mutation.retried', 16]);
  });
});
