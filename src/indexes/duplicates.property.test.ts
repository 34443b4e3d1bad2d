import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { useDatabase } from '../../test/support/indexes.js';
import { findDuplicates } from './duplicates.js';
import { keyStages } from './index-keys.js';

const database = useDatabase();
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 40);
const DUPLICATE_KEY = 11_000;
/** The server does not take the index on these documents at all: two arrays side by side, a place that is a name, too. */
const REFUSED = [171, 16_746, 16_755];

const leaf = fc.constantFrom<unknown>(0, 1, null, 'x', [], [0], [0, 1], [[0]], [[]], [null]);
const inner = fc.record({ x: leaf, y: leaf, '0': leaf }, { requiredKeys: [] });
const value = fc.oneof(
  { weight: 2, arbitrary: leaf },
  inner,
  { weight: 2, arbitrary: fc.array(fc.oneof({ weight: 3, arbitrary: inner }, leaf), { maxLength: 2 }) },
  fc.record({ x: fc.array(inner, { maxLength: 2 }) }),
  fc.array(fc.record({ x: fc.array(inner, { maxLength: 2 }), y: leaf }), { maxLength: 2 }),
);
const documents = fc.array(fc.record({ a: value, b: leaf }, { requiredKeys: [] }), {
  minLength: 2,
  maxLength: 2,
});
const paths = fc.uniqueArray(
  fc.constantFrom('a', 'b', 'a.x', 'a.y', 'a.0', 'a.1', 'a.0.x', 'a.x.y', 'a.x.0', 'a.x.x'),
  { minLength: 1, maxLength: 2 },
);

test('duplicates are found exactly where the server refuses', async () => {
  await fc.assert(
    fc.asyncProperty(documents, paths, fc.boolean(), async (all, keys, sparse) => {
      const collection = database().collection('twins');
      await collection.drop().catch(() => undefined);
      await collection.insertMany(all.map((one) => ({ ...one })));
      const key = Object.fromEntries(keys.map((path) => [path, 1] as const));
      const refused = await collection.createIndex(key, { unique: true, sparse }).then(
        () => undefined,
        ({ code }: { code: number }) => code,
      );
      if (refused !== undefined && refused !== DUPLICATE_KEY) {
        expect(REFUSED).toContain(refused);
        return;
      }
      const spec = {
        key: Object.entries(key),
        unique: true,
        sparse,
        hidden: false,
        prepareUnique: false,
        special: {},
      };
      const found = await findDuplicates(database(), 'twins', spec, 5_000);
      if (keyStages(keys)) expect(found !== undefined).toBe(refused === DUPLICATE_KEY);
      else expect(found).toBeUndefined();
    }),
    { numRuns: RUNS },
  );
});
