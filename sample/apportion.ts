/**
 * Splits `total` by weight into whole parts that add up to exactly `total`; nobody with a weight of 0 gets any.
 * Each part is off by less than one.
 */
export function apportion(total: number, weights: readonly number[]): number[] {
  const sum = weights.reduce((a, b) => a + b, 0);
  let seen = 0;
  let given = 0;
  return weights.map((weight) => {
    seen += weight;
    const due = sum === 0 ? 0 : Math.round(total * Math.min(1, seen / sum));
    const part = due - given;
    given = due;
    return part;
  });
}

/**
 * The same for any number of takers at constant memory: they are taken in blocks, each of which gets its even share
 * of the total and splits that by weight.
 */
export function* apportionInBlocks(
  total: number,
  takers: number,
  blockSize: number,
  weightOf: (n: number) => number,
): Generator<{ n: number; count: number }> {
  for (let from = 0; from < takers; from += blockSize) {
    const to = Math.min(from + blockSize, takers);
    const share = Math.round((total * to) / takers) - Math.round((total * from) / takers);
    const weights = Array.from({ length: to - from }, (_, at) => weightOf(from + at));
    for (const [at, count] of apportion(share, weights).entries()) yield { n: from + at, count };
  }
}
