import { id } from '../id.js';
import { personAt, type Person } from '../people.js';
import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { DAY_MS, later } from '../time.js';
import type { Theme } from './theme.js';
import { themes } from './themes/index.js';

const PLACES = [
  'a small town by the sea',
  'the third floor, facing the yard',
  'a village with one bus',
  'the rainy side of the mountains',
  'a city that never finishes its metro',
  'an old house with a cold kitchen',
  'a desk by the window',
  'the end of the tram line',
] as const;

/** The identifier of the blog's user number `n`. */
export const userId = (n: number) => id('blog.user', n);

/** The name and address of the blog's user number `n`. */
export const userAt = (n: number): Person => personAt('blog', n, 'Demo Author');

/** What a user likes to write about most. */
export function favouriteTheme(n: number): Theme {
  return new Random('blog.favourite', n).pick(themes);
}

/** The blog's users, in the order in which they signed up. */
export function* users(
  count: number,
  signUps: SignUps,
  passwordHash: string,
): Generator<Record<string, unknown>> {
  for (let n = 0; n < count; n++) {
    const random = new Random('blog.user', n);
    const createdAt = signUps.at(n);
    const hasBio = n === 0 || random.chance(0.7);
    yield {
      _id: userId(n),
      ...userAt(n),
      ...(hasBio && { bio: `Writes about ${favouriteTheme(n).label}, from ${random.pick(PLACES)}.` }),
      passwordHash,
      createdAt,
      updatedAt: random.chance(0.3) ? later(createdAt, random.exponential(60 * DAY_MS)) : createdAt,
    };
  }
}
