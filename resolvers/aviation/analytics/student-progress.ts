import { BulkheadError, type Row } from 'bulkhead';
import type { Types } from 'mongoose';
import { Interval, type ProgressPoint } from './payloads.js';
import { addUp, countAttempts } from './stages.js';

/** An interval with answers in it. */
export interface ActiveInterval {
  /** The first day of the interval, as midnight UTC: a date of the calendar, not a moment. */
  readonly _id: Date;
  readonly answers: number;
  readonly correct: number;
}

/** Nearly three years of days, or nineteen of weeks. One answer with a date of long ago must not cost as many as it likes. */
export const MOST_POINTS = 1_000;

/** The database writes dates of the years 0 to 9999; in some time zone this is still one of them. */
const EARLIEST = new Date('0000-01-02T00:00:00Z');

/**
 * Over attempts: a student's answers by interval, in order of time; only intervals with any.
 *
 * Each answer is first put on a day of the local calendar; weeks and months are then cut out of that calendar, where
 * every day is as long as the next. Cutting moments in a time zone goes wrong where a day has no midnight.
 */
export function studentProgress(student: Types.ObjectId, interval: Interval, timezone: string): Row[] {
  const day = { $dateToString: { date: '$answeredAt', format: '%Y-%m-%d', timezone } };
  const unit = interval.toLowerCase();
  return [
    { $match: { student, answeredAt: { $gte: EARLIEST } } },
    { $group: { _id: day, ...countAttempts } },
    {
      $group: {
        _id: {
          $dateTrunc: { date: { $dateFromString: { dateString: '$_id' } }, unit, startOfWeek: 'monday' },
        },
        ...addUp,
      },
    },
    { $sort: { _id: 1 } },
  ];
}

/**
 * The intervals from the first with answers to the last, those without any included.
 *
 * @throws BulkheadError `BAD_USER_INPUT` when they are more than {@link MOST_POINTS}.
 */
export function everyInterval(active: readonly ActiveInterval[], interval: Interval): ProgressPoint[] {
  const points: ProgressPoint[] = [];
  const first = active[0]?._id;
  if (!first) return points;
  let place = 0;
  for (const { _id, answers, correct } of active) {
    for (; startOf(first, place, interval) < _id.getTime(); place++)
      add(points, startOf(first, place, interval), 0, 0);
    add(points, _id.getTime(), answers, correct);
    place++;
  }
  return points;
}

function add(points: ProgressPoint[], start: number, answers: number, correct: number): void {
  if (points.length === MOST_POINTS) {
    throw new BulkheadError(
      'BAD_USER_INPUT',
      `interval: expected at most ${MOST_POINTS} intervals between the first answer and the last; take a longer one.`,
    );
  }
  const from = new Date(start).toISOString().slice(0, 10);
  points.push({ from, answers, correct, rate: answers === 0 ? null : correct / answers });
}

/** The first day of the interval that stands so many places after another. */
function startOf(first: Date, place: number, interval: Interval): number {
  const next = new Date(first);
  if (interval === Interval.MONTH) next.setUTCMonth(next.getUTCMonth() + place);
  else next.setUTCDate(next.getUTCDate() + place * (interval === Interval.WEEK ? 7 : 1));
  return next.getTime();
}
