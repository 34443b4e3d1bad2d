import type { ProductFacts, Rule, SizeFacts } from '../facts/facts.js';
import { count, findingOf, size } from './say.js';

/** Days in which a disk can be made larger, or data moved, without haste. */
export const SOON_DAYS = 30;
export const NOW_DAYS = 7;
/** Full enough that the server's own work (compaction, an index build) may not find room. */
export const FULL = { amber: 0.9, red: 0.95 } as const;
/** Fewer say nothing about a week. */
export const FEWEST_DAYS = 3;
/** Beside all days that are kept, since what was before says little of what has begun lately. */
export const LATE_DAYS: readonly number[] = [3, 7];
/** Of what the last days have brought: where one day has brought so much, it was an import and is no trend. */
export const ONE_DAY = 2 / 3;
/** Of a disk's growth, for which a product is named. */
export const SHARE = 0.1;

const DAY_MS = 86_400_000;

/** A disk that is full, or will be, as it has grown in the last days or all that are kept. Named by the products that fill it. */
export const growth: Rule = (facts) => {
  const last = facts.sizes.at(-1);
  if (!last || last.diskBytes <= 0) return [];
  const full = last.diskUsedBytes / last.diskBytes;
  const trends = trendsOf(facts.sizes);
  const steepest = trends
    .filter(({ perDay, ownPerDay }) => perDay > 0 && ownPerDay > 0 && ownPerDay >= perDay * SHARE)
    .sort((one, other) => other.perDay - one.perDay)[0];
  const { perDay, ownPerDay } = steepest ?? trends[0]!;
  const days = (last.diskBytes - last.diskUsedBytes) / perDay;
  const isGrowing = steepest !== undefined && facts.sizes.length >= FEWEST_DAYS;
  const [isRed, isAmber] = [
    full >= FULL.red || (isGrowing && days <= NOW_DAYS),
    full >= FULL.amber || (isGrowing && days <= SOON_DAYS),
  ];
  if (!isRed && !isAmber) return [];
  const when = isGrowing && days <= SOON_DAYS ? `, and in ${count(days)} days it is full` : '';
  const own = ownPerDay > 0 ? `; ${facts.product} grows by ${size(ownPerDay)} a day` : '';
  return [
    findingOf({
      rule: 'growth',
      severity: isRed ? 'red' : 'amber',
      subject: {},
      reason: `The disk of its database is ${count(full * 100)} % full (${size(last.diskUsedBytes)} of ${size(last.diskBytes)})${when}${own}.`,
      remedy: `Make the disk larger, or delete: the largest collections are ${largest(facts)}.`,
    }),
  ];
};

const largest = ({ collections }: ProductFacts): string =>
  [...collections]
    .sort((one, other) => other.bytes - one.bytes)
    .slice(0, 3)
    .map(({ name, bytes }) => `${name} (${size(bytes)})`)
    .join(', ') || 'not known';

interface Trend {
  readonly perDay: number;
  readonly ownPerDay: number;
}

/** How the disk and the product grow: by all days first, then by the last ones. */
function trendsOf(sizes: readonly SizeFacts[]): readonly Trend[] {
  const late = LATE_DAYS.map((days) => sizes.slice(-days - 1)).filter(isTrend);
  return [sizes, ...late].map((some) => ({
    perDay: slope(some, ({ diskUsedBytes }) => diskUsedBytes),
    ownPerDay: slope(some, ({ bytes }) => bytes),
  }));
}

/** Whether no single day has brought most of it. */
function isTrend(sizes: readonly SizeFacts[]): boolean {
  const used = sizes.map(({ diskUsedBytes }) => diskUsedBytes);
  const most = Math.max(...used.slice(1).map((one, at) => one - used[at]!));
  return most < (used.at(-1)! - used[0]!) * ONE_DAY;
}

/** By how much it grows in a day: the straight line with the least squares. */
function slope(sizes: readonly SizeFacts[], of: (size: SizeFacts) => number): number {
  const points = sizes.map((one) => [one.day.getTime() / DAY_MS, of(one)] as const);
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return spread > 0 ? points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread : 0;
}
