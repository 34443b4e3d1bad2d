import { id } from '../id.js';
import { personAt } from '../people.js';
import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { DAY_MS, later, MINUTE_MS } from '../time.js';

/** The identifier of the user behind student number `n`; each student has one of its own. */
export const userId = (n: number) => id('aviation.user', n);

/** The identifier of student number `n`. */
export const studentId = (n: number) => id('aviation.student', n);

const personOf = (n: number) => personAt('aviation', n, 'Demo Pilot');

/** When student number `n` was registered: soon after the user signed up. */
export function studentCreatedAt(n: number, signUps: SignUps): Date {
  const minutes = new Random('aviation.student', n).int(1, 25);
  return new Date(signUps.at(n).getTime() + minutes * MINUTE_MS);
}

/** The users, in the order in which they signed up. */
export function* users(
  count: number,
  signUps: SignUps,
  passwordHash: string,
): Generator<Record<string, unknown>> {
  for (let n = 0; n < count; n++) {
    const random = new Random('aviation.user', n);
    const createdAt = signUps.at(n);
    const updatedAt = random.chance(0.2) ? later(createdAt, random.exponential(50 * DAY_MS)) : createdAt;
    yield { _id: userId(n), ...personOf(n), passwordHash, createdAt, updatedAt };
  }
}

/** The students, one per user. */
export function* students(count: number, signUps: SignUps): Generator<Record<string, unknown>> {
  for (let n = 0; n < count; n++) {
    const createdAt = studentCreatedAt(n, signUps);
    yield { _id: studentId(n), name: personOf(n).name, user: userId(n), createdAt, updatedAt: createdAt };
  }
}
