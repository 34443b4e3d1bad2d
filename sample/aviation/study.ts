import { Random } from '../random.js';
import { DAY_MS, HOUR_MS, MINUTE_MS, SAMPLE_UNTIL } from '../time.js';

const ACTIVE_MS = 182 * DAY_MS;
/** How likely one sits down to study, Sunday first. */
const WEEKDAYS = [1, 0.95, 0.95, 1, 0.85, 0.45, 0.6] as const;
/** A session beyond its last answer: the time the final one may still take. */
const SLACK_MS = 5 * MINUTE_MS;

/** One sitting: when it begins and how many questions are answered in it. */
export interface StudySession {
  readonly start: number;
  readonly size: number;
}

/** How much a student studies compared with others; the demo student a good deal, so that there is much to see. */
export function intensityOf(n: number, registeredAt: Date): number {
  if (n === 0) return 3;
  const random = new Random('aviation.student.intensity', n);
  const available = Math.min(ACTIVE_MS, SAMPLE_UNTIL.getTime() - registeredAt.getTime());
  return Math.exp(0.8 * random.normal()) * Math.sqrt(available / ACTIVE_MS);
}

/** A student's sittings in order, on the days and at the hours at which people study, within the last half year. */
export function studySessions(random: Random, answers: number, registeredAt: Date): StudySession[] {
  const from = Math.max(registeredAt.getTime() + 10 * MINUTE_MS, SAMPLE_UNTIL.getTime() - ACTIVE_MS);
  const window = SAMPLE_UNTIL.getTime() - from;
  // Some begin late and some gave up early, but nobody studied for less than a quarter of the time there was.
  const span = window * (0.25 + 0.75 * Math.sqrt(random.next()));
  const begin = from + (window - span) * random.next();
  const zone = random.pick([0, 1, 1, 1, 2, 2, 3, 5.5]) * HOUR_MS;
  const sessions: StudySession[] = [];
  for (let left = answers; left > 0;) {
    const size = Math.min(left, random.int(8, 40));
    left -= size;
    sessions.push({ start: startOf(random, begin, span, zone, from, size), size });
  }
  return sessions.sort((a, b) => a.start - b.start);
}

function startOf(
  random: Random,
  begin: number,
  span: number,
  zone: number,
  from: number,
  size: number,
): number {
  const latest = SAMPLE_UNTIL.getTime() - size * 2 * MINUTE_MS - SLACK_MS;
  for (let tries = 0; tries < 12; tries++) {
    const day = Math.floor((begin + span * random.next() ** 0.85) / DAY_MS);
    const weekday = new Date(day * DAY_MS).getUTCDay();
    if (!random.chance(WEEKDAYS[weekday] ?? 1)) continue;
    const hour = hourOf(random, weekday === 0 || weekday === 6);
    const start = Math.floor(day * DAY_MS + hour * HOUR_MS - zone);
    if (start >= from && start <= latest) return start;
  }
  return Math.floor(from + (latest - from) * random.next());
}

/** Mostly the evening; the lunch break on working days, any time of day at weekends. */
function hourOf(random: Random, weekend: boolean): number {
  const kind = random.next();
  if (kind < 0.65) return 19.6 + 1.3 * random.normal();
  if (weekend) return 9 + 9 * random.next();
  return kind < 0.85 ? 12.3 + 0.4 * random.normal() : 7 + 10 * random.next();
}
