import type { ResponsePath } from 'graphql';
import { expect, test } from 'vitest';
import { sentOneByOne } from './one-by-one.js';

/** `walls.3.stones` as an engine has it. */
const placeOf = (text: string): ResponsePath =>
  text
    .split('.')
    .reduce<ResponsePath | undefined>(
      (prev, key) => ({ prev, key: /^\d+$/.test(key) ? Number(key) : key, typename: undefined }),
      undefined,
    )!;
const sent = (places: readonly string[]): number => sentOneByOne(places.map(placeOf));
const times = (count: number, of: (n: number) => string): string[] =>
  Array.from({ length: count }, (_, n) => of(n));

test.each<[string, string[], number]>([
  ['one for each element of a list', times(12, (n) => `walls.${n}.stones`), 12],
  [
    'one for each element of lists in a list',
    times(12, (n) => `walls.${n % 3}.stones.${Math.floor(n / 3)}.owner`),
    12,
  ],
  [
    'one for each element of several lists',
    [...times(9, (n) => `walls.${n}.stones`), ...times(9, (n) => `others.${n}.stones`)],
    18,
  ],
  ['more than one for each element', times(12, (n) => `walls.${n % 6}.stones`), 12],
  ['in a loop', times(12, () => 'stones'), 12],
  ['in the loops of two root fields', [...times(12, () => 'stones'), ...times(9, () => 'again')], 12],
  ['in a loop below the root', times(12, () => 'wall.stones'), 12],
  ['a root field under many names', times(20, (n) => `a${n}`), 1],
  ['fields of objects under many names', times(20, (n) => `a${n}.stones`), 1],
  ['a batch for each of many lists', times(20, (n) => `a${n}.0.stones`), 1],
  [
    'a batch for each level of many lists',
    times(20, (n) => (n % 2 ? `a${n}.0.stones` : `a${n}.0.twin.stones`)),
    1,
  ],
  ['nothing', [], 0],
])('%s', (_, places, commands) => {
  expect(sent(places)).toBe(commands);
});
