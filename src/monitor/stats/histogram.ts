/** Four buckets per doubling: a percentile is off by less than a tenth. */
const PER_DOUBLING = 4;
const LEAST_MS = 0.05;
/** From a twentieth of a millisecond to more than two minutes. */
export const BUCKETS = 88;

/** The bucket of a duration. */
export const bucketOf = (ms: number): number =>
  ms <= LEAST_MS ? 0 : Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / LEAST_MS) * PER_DOUBLING));

/** The longest duration that a bucket holds, in ms. */
export const boundOf = (bucket: number): number => LEAST_MS * 2 ** (bucket / PER_DOUBLING);

/**
 * The duration within which a share of what was counted lies, in ms; the bound of its bucket, so never too low.
 *
 * @param counts how many there are, by bucket; those that are missing are none.
 * @param share such as 0.99.
 * @returns 0 where nothing was counted.
 */
export function percentile(counts: ArrayLike<number>, share: number): number {
  let total = 0;
  for (let bucket = 0; bucket < counts.length; bucket += 1) total += counts[bucket] ?? 0;
  let rest = total * share;
  for (let bucket = 0; bucket < counts.length; bucket += 1) {
    rest -= counts[bucket] ?? 0;
    if (total > 0 && rest <= 1e-9) return boundOf(bucket);
  }
  return 0;
}

/** How many of what was counted took so long or longer: those of whom {@link percentile} says so. */
export function atLeast(counts: ArrayLike<number>, ms: number): number {
  let found = 0;
  for (let bucket = bucketOf(ms); bucket < counts.length; bucket += 1)
    if (boundOf(bucket) >= ms) found += counts[bucket] ?? 0;
  return found;
}
