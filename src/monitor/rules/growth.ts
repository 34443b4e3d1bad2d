import type { ProductFacts, Rule, SizeFacts } from '../facts/facts.js';
import { count, findingOf, size } from './say.js';

/** Days in which a disk can be made larger, or data moved, without haste. */
export const SOON_DAYS = 30;
export const NOW_DAYS = 7;
/** Full enough that the server's own work (compaction, an index build) may not find room. */
export const FULL = { amber: 0.9, red: 0.95 } as const;
/** Fewer say nothing about a week. */
export const FEWEST_DAYS = 3;
/** Of a disk's growth, for which a product is named. */
export const SHARE = 0.1;

const DAY_MS = 86_400_000;

/** A disk that is full, or will be, as it has grown in the last days. Named by the products that fill it. */
export const growth: Rule = (facts) => {
  const last = facts.sizes.at(-1);
  if (!last || last.diskBytes <= 0) return [];
  const full = last.diskUsedBytes / last.diskBytes;
  const perDay = slope(facts.sizes, ({ diskUsedBytes }) => diskUsedBytes);
  const ownPerDay = slope(facts.sizes, ({ bytes }) => bytes);
  const days = perDay > 0 ? (last.diskBytes - last.diskUsedBytes) / perDay : Infinity;
  const isGrowing = facts.sizes.length >= FEWEST_DAYS && ownPerDay > 0 && ownPerDay >= perDay * SHARE;
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

/** By how much it grows in a day: the straight line with the least squares. */
function slope(sizes: readonly SizeFacts[], of: (size: SizeFacts) => number): number {
  const points = sizes.map((one) => [one.day.getTime() / DAY_MS, of(one)] as const);
  const mean = (at: 0 | 1) => points.reduce((sum, point) => sum + point[at], 0) / points.length;
  const [x, y] = [mean(0), mean(1)];
  const spread = points.reduce((sum, point) => sum + (point[0] - x) ** 2, 0);
  return spread > 0 ? points.reduce((sum, point) => sum + (point[0] - x) * (point[1] - y), 0) / spread : 0;
}
