import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { atLeast, boundOf, bucketOf, BUCKETS, percentile } from './histogram.js';

test('a duration lies within its bucket, whose bound is less than a fifth above it', () => {
  fc.assert(
    fc.property(fc.double({ min: 0.06, max: 100_000, noNaN: true }), (ms) => {
      const bound = boundOf(bucketOf(ms));
      expect(bound).toBeGreaterThanOrEqual(ms * 0.999_999);
      expect(bound).toBeLessThan(ms * 1.2);
    }),
  );
  expect([bucketOf(0), bucketOf(-1), bucketOf(1e9)]).toEqual([0, 0, BUCKETS - 1]);
});

test('percentiles are those of the sorted durations, by bucket', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.constantFrom(0.5, 0.95, 0.99, 1),
      (durations, share) => {
        const counts = new Uint32Array(BUCKETS);
        for (const ms of durations) counts[bucketOf(ms)]! += 1;
        const sorted = [...durations].sort((one, other) => one - other);
        const exact = sorted[Math.ceil(share * sorted.length - 1e-9) - 1]!;
        expect(percentile(counts, share)).toBe(boundOf(bucketOf(exact)));
      },
    ),
  );
  expect(percentile(new Uint32Array(BUCKETS), 0.99)).toBe(0);
});

test('a percentile reaches a duration where more than the rest took as long', () => {
  fc.assert(
    fc.property(
      fc.array(fc.double({ min: 0.01, max: 10_000, noNaN: true }), { minLength: 1, maxLength: 300 }),
      fc.double({ min: 0.06, max: 5_000, noNaN: true }),
      (durations, ms) => {
        const counts = new Uint32Array(BUCKETS);
        for (const one of durations) counts[bucketOf(one)]! += 1;
        expect(percentile(counts, 0.5) >= ms).toBe(atLeast(counts, ms) > durations.length / 2);
      },
    ),
  );
});
