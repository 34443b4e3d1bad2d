import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { FINDING_RULES, type FindingRule } from '../finding.js';
import { SLOW_MS } from '../stats/stats.js';
import * as collectionScan from './collection-scan.js';
import * as growth from './growth.js';
import * as hot from './hot.js';
import * as inMemorySort from './in-memory-sort.js';
import * as poorRatio from './poor-ratio.js';
import * as regression from './regression.js';
import { count, FEW_CALLS, FEWEST_OF_P95, SMALL_COLLECTION } from './say.js';
import * as slow from './slow.js';
import * as tooManyIndexes from './too-many-indexes.js';
import * as unbatched from './unbatched.js';
import * as unbounded from './unbounded.js';
import * as unusedIndex from './unused-index.js';

test('docs/monitoring.md has a row for each rule, with its thresholds', () => {
  const page = readFileSync(new URL('../../../docs/monitoring.md', import.meta.url), 'utf8');
  const numbers: Partial<Record<FindingRule, readonly number[]>> = {
    slow: [SLOW_MS, FEWEST_OF_P95, slow.VERY_SLOW_MS],
    hot: [
      hot.SHARE * 100,
      hot.TOTAL_MS_PER_HOUR / 1e3,
      hot.HEAVY.share * 100,
      hot.HEAVY.totalMsPerHour / 1e3,
    ],
    'collection-scan': [
      SMALL_COLLECTION,
      FEW_CALLS,
      collectionScan.LARGE_SCAN,
      collectionScan.OFTEN_PER_HOUR,
    ],
    'poor-ratio': [poorRatio.WASTED, poorRatio.RATIO, FEW_CALLS],
    'in-memory-sort': [inMemorySort.NOTED, inMemorySort.MANY, FEW_CALLS],
    unbatched: [unbatched.TIMES],
    unbounded: [unbounded.MANY, unbounded.FAR_TOO_MANY, FEW_CALLS],
    regression: [regression.TIMES, regression.MORE_MS, regression.CALLS],
    'unused-index': [unusedIndex.UNUSED_DAYS, unusedIndex.LARGE_BYTES / 1e6],
    'redundant-index': [unusedIndex.LARGE_BYTES / 1e6],
    'duplicate-index': [unusedIndex.LARGE_BYTES / 1e6],
    'too-many-indexes': [tooManyIndexes.MANY_INDEXES, tooManyIndexes.WRITES_PER_HOUR],
    'missing-index': [SMALL_COLLECTION],
    'missing-ttl': [SMALL_COLLECTION],
    growth: [
      growth.SOON_DAYS,
      growth.NOW_DAYS,
      growth.FEWEST_DAYS,
      ...growth.LATE_DAYS,
      growth.SHARE * 100,
      growth.FULL.amber * 100,
      growth.FULL.red * 100,
    ],
  };
  for (const rule of FINDING_RULES) {
    const [, row] = new RegExp(`^\\| \`${rule}\` \\|(.*)$`, 'm').exec(page) ?? [];
    expect(row, rule).toBeDefined();
    for (const number of numbers[rule] ?? []) expect(row!.split(/[^\d,]+/), rule).toContain(count(number));
  }
});
