import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { DAY_MS, HOUR_MS, later, SAMPLE_DAYS, SAMPLE_FROM } from '../time.js';
import type { Theme, Topic } from './theme.js';
import { themes } from './themes/index.js';
import { favouriteTheme } from './users.js';

/** Everything about a post but its words: cheap, so that comments can ask for it again. */
export interface PostPlan {
  readonly status: 'DRAFT' | 'PUBLISHED' | 'ARCHIVED';
  readonly author: number;
  readonly theme: Theme;
  readonly topic: Topic;
  readonly createdAt: Date;
  readonly publishedAt: Date | null;
  readonly updatedAt: Date;
}

/** Plans post number `n` of `count`; posts are numbered in the order in which they were begun. */
export function planPost(n: number, count: number, signUps: SignUps): PostPlan {
  const random = new Random('blog.post.plan', n);
  const createdAt = begunAt((n + random.next()) / count);
  const author = authorAt(random, signUps.countBefore(createdAt));
  const theme = random.chance(0.65) ? favouriteTheme(author) : random.pick(themes);
  const topic = random.pick(theme.topics);
  const kind = random.next();
  if (kind < 0.1) {
    const updatedAt = later(createdAt, random.exponential(6 * DAY_MS));
    return { status: 'DRAFT', author, theme, topic, createdAt, publishedAt: null, updatedAt };
  }
  const publishedAt = later(createdAt, HOUR_MS / 2 + random.exponential(30 * HOUR_MS));
  const archived = kind < 0.15;
  const edited = archived || random.chance(0.25);
  const updatedAt = edited
    ? later(publishedAt, random.exponential((archived ? 90 : 12) * DAY_MS))
    : publishedAt;
  const status = archived ? 'ARCHIVED' : 'PUBLISHED';
  return { status, author, theme, topic, createdAt, publishedAt, updatedAt };
}

const FIRST_DAY = 6;
/** How much more is written on the last day than on the first. */
const RISE = 4;

/** More is written every day; nothing in the first ones, before there is anyone to write. */
function begunAt(share: number): Date {
  const passed = (Math.sqrt(1 + (RISE ** 2 - 1) * share) - 1) / (RISE - 1);
  const day = FIRST_DAY + (SAMPLE_DAYS - FIRST_DAY - 0.2) * passed;
  return new Date(SAMPLE_FROM.getTime() + Math.floor(day * DAY_MS));
}

/** The early ones write more, but most of those who have signed up write something. */
function authorAt(random: Random, signedUp: number): number {
  return Math.floor(signedUp * random.next() ** 1.5);
}
