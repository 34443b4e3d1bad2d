import { expect, test } from 'vitest';
import { checkProductNames, productNames } from './names.js';

test('a name is converted for every place it appears in', () => {
  expect(productNames('flight-school-2')).toEqual({
    field: 'flightSchool2',
    typePrefix: 'FlightSchool2',
    envPrefix: 'FLIGHT_SCHOOL_2',
    database: 'flight-school-2',
  });
});

test('good names draw no problem', () => {
  expect(checkProductNames(['blog', 'aviation', 'blog-archive', 'at', 'x'.repeat(31)])).toEqual([]);
});

test.each(['', 'Blog', '2blog', 'blog_x', 'blog x', '-blog', 'x'.repeat(32), 'blög', '__proto__', 'blog\n'])(
  'the form of %j is refused',
  (name) => {
    expect(checkProductNames([name])).toEqual([expect.stringContaining('expected a lower-case letter')]);
  },
);

test.each([
  'ops',
  'health',
  'graph',
  'bulkhead',
  'admin',
  'config',
  'local',
  'created-at',
  'constructor',
  'to-string',
])('%s is reserved', (name) => {
  expect(checkProductNames([name])).toEqual([expect.stringContaining('reserved')]);
});

test.each([
  ['blog', 'blog', 'field blog'],
  ['blog-2', 'blog2', 'field blog2'],
  ['a--b', 'a-b', 'field aB'],
  ['blog', 'blog-ops', 'variable BLOG_OPS_MONGODB_URI'],
])('%s and %s collide', (one, other, what) => {
  expect(checkProductNames([one, other])).toEqual([expect.stringContaining(what)]);
});
