import { Random } from './random.js';
import { DAY_MS, HOUR_MS, SAMPLE_DAYS, SAMPLE_FROM } from './time.js';

const QUIET_DAY_SHARE = 0.06;
/** Sunday first. */
const WEEKDAYS = [0.8, 1.2, 1.25, 1.15, 1.05, 0.85, 0.7] as const;

/**
 * When each user of a product signed up: a year with a rising trend, a weekly rhythm, lucky days and some days
 * without anyone. The users are numbered in the order of their days.
 */
export class SignUps {
  readonly #kind: string;
  readonly #total: number;
  /** The share of users who signed up before the day at the same position begins. */
  readonly #shareBefore: number[] = [];

  constructor(kind: string, total: number) {
    this.#kind = kind;
    this.#total = total;
    const weights = Array.from({ length: SAMPLE_DAYS }, (_, day) => dayWeight(kind, day));
    const sum = weights.reduce((a, b) => a + b, 0);
    let before = 0;
    for (const weight of weights) {
      this.#shareBefore.push(before / sum);
      before += weight;
    }
  }

  /** The moment user number `n` signed up; always at least a day before the sample ends. */
  at(n: number): Date {
    const time = new Random(`${this.#kind}.sign-up`, n);
    const hour = 6 + 17 * ((time.next() + time.next()) / 2);
    return new Date(SAMPLE_FROM.getTime() + this.#dayOf(n) * DAY_MS + Math.floor(hour * HOUR_MS));
  }

  /** How many had signed up before the day of that moment began, at least one: numbers below it may act then. */
  countBefore(moment: Date): number {
    const day = Math.floor((moment.getTime() - SAMPLE_FROM.getTime()) / DAY_MS);
    const share = this.#shareBefore[Math.min(day, SAMPLE_DAYS - 1)] ?? 0;
    return Math.max(1, Math.ceil(this.#total * share));
  }

  #dayOf(n: number): number {
    let low = 0;
    let high = SAMPLE_DAYS - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      // The same comparison as in `countBefore`, so that the two never disagree by a rounding.
      if (Math.ceil(this.#total * (this.#shareBefore[middle] ?? 1)) <= n) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}

function dayWeight(kind: string, day: number): number {
  if (day === 0) return 1;
  // A day's grace: whoever signed up last still has time to do something.
  if (day === SAMPLE_DAYS - 1) return 0;
  const chance = new Random(`${kind}.day`, day);
  if (chance.chance(QUIET_DAY_SHARE)) return 0;
  const date = new Date(SAMPLE_FROM.getTime() + day * DAY_MS);
  const holiday = date.getUTCMonth() === 11 && date.getUTCDate() >= 23 ? 0.25 : 1;
  const trend = 0.5 + (1.5 * day) / SAMPLE_DAYS;
  const luck = Math.exp(0.45 * chance.normal());
  return trend * luck * holiday * (WEEKDAYS[date.getUTCDay()] ?? 1);
}
