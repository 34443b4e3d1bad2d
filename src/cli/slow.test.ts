import { expect, test } from 'vitest';
import type { ShapePlan } from '../monitor/explain/plan.js';
import type { SlowShape } from '../monitor/stats/slow-shapes.js';
import { linesOfShapes } from './slow.js';

const SHAPE: SlowShape = {
  shape: '345dd50d51',
  text: '',
  words: 'posts.find({status}).sort({publishedAt: -1, _id: -1}).limit()',
  collection: 'posts',
  command: 'find',
  calls: 30,
  errors: 0,
  totalMs: 68,
  meanMs: 2.3,
  p50Ms: 2,
  p95Ms: 5.4,
  p99Ms: 6,
  documents: 330,
  retries: 0,
  first: new Date(0),
  last: new Date(0),
  origins: [{ operation: 'Front', field: 'Query.posts', calls: 30 }],
  findings: [],
};

test.each([80, 100, 120, 160, Number.POSITIVE_INFINITY])(
  'on a terminal of %d columns a query can be read, and no line wraps',
  (columns) => {
    const lines = linesOfShapes([SHAPE], columns);
    expect(lines.every(({ length }) => length <= columns)).toBe(true);
    expect(lines.join('\n')).toContain('posts.find({status}).sort({publishedAt:');
    expect(lines.at(-1)!.trim()).toBe('Front Query.posts');
    expect(lines).toHaveLength(columns < 115 ? 4 : 3);
  },
);

test('an estimate that disagrees with what was counted is marked; what the profiler has seen comes before it', () => {
  const plan: ShapePlan = {
    shape: SHAPE.shape,
    at: new Date(0),
    documentsExamined: 5_000,
    keysExamined: 0,
    returned: 4_000,
    collectionScan: true,
    inMemorySort: false,
    indexes: [],
    root: { stage: 'COLLSCAN', inputs: [] },
  };
  const shown = (more: Partial<SlowShape>): string =>
    linesOfShapes([{ ...SHAPE, ...more }], Number.POSITIVE_INFINITY)[1]!;
  expect(shown({ plan })).toContain('  5,000 → 4,000  ');
  expect(shown({ plan: { ...plan, isOff: true } })).toContain('  ~5,000 → 4,000  ');
  const examined = { calls: 2, documents: 60, keys: 60, scans: 0, sorts: 0 };
  expect(shown({ plan: { ...plan, isOff: true }, examined })).toContain('  30 → 11  ');
  expect(shown({ plan, examined: { ...examined, keys: 40_000 } })).toContain('  20,000 → 11  ');
});
