/** A figure over several rounds. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);

/** The middle value. */
export function median(values: readonly number[]): number {
  const all = sorted(values);
  const middle = all.length >> 1;
  return all.length % 2 === 1 ? all[middle]! : (all[middle - 1]! + all[middle]!) / 2;
}

/** The value that so large a share of all lies below; NaN where there is none. */
export const percentile = (values: readonly number[], share: number): number =>
  sorted(values)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** Median and range of what the rounds gave. */
export const spreadOf = (values: readonly number[]): Spread => ({
  median: round(median(values)),
  min: round(Math.min(...values)),
  max: round(Math.max(...values)),
});

const RESAMPLES = 2_000;

/** A 95 % interval of the median by bootstrap (Efron 1979), from a fixed seed. */
export function bootstrapInterval(values: readonly number[]): { low: number; high: number } {
  let state = 0x9e3779b9;
  const random = () => {
    state = (Math.imul(state ^ (state >>> 15), state | 1) + 0x6d2b79f5) | 0;
    return ((state ^ (state >>> 14)) >>> 0) / 2 ** 32;
  };
  const medians = sorted(
    Array.from({ length: RESAMPLES }, () =>
      median(values.map(() => values[Math.floor(random() * values.length)]!)),
    ),
  );
  return {
    low: round(medians[Math.floor(RESAMPLES * 0.025)]!),
    high: round(medians[Math.floor(RESAMPLES * 0.975)]!),
  };
}

const round = (value: number) => Math.round(value * 1000) / 1000;
