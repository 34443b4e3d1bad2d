import { mongo, Types } from 'mongoose';
import { id } from '../id.js';
import { Random } from '../random.js';
import type { SignUps } from '../sign-ups.js';
import { DAY_MS, later, SAMPLE_FROM } from '../time.js';
import { studentCreatedAt, studentId, userId } from './students.js';

/** The system account that issued credits come from: the text `issuance` as an identifier. */
export const ISSUANCE_ID = new Types.ObjectId('69737375616e636500000000');

/** What every student is given at the start. */
export const ISSUED_CREDITS = 100;

const UNIT = 'credit';
const ACTOR = 'operator:sample';
/** Students who may send each other credits: balances are folded a circle at a time, so memory stays constant. */
const CIRCLE = 8;
const REASONS = [
  'Shared a lesson',
  'Thanks for the summary',
  'Lost a bet on the winds aloft',
  'Split a mock exam',
  'Borrowed last week',
] as const;

/** The identifier of the account of student number `n`. */
export const accountId = (n: number) => id('aviation.account', n);

/** A transfer from one student to another, both by number. */
interface Gift {
  readonly from: number;
  readonly to: number;
  readonly amount: number;
  readonly reason: string;
  readonly at: Date;
}

interface Circle {
  readonly members: readonly {
    readonly n: number;
    readonly openedAt: Date;
    balance: number;
    updatedAt: Date;
  }[];
  readonly gifts: readonly Gift[];
}

/** One account per student, then the issuance account, whose debt is the sum of all credits. */
export function* accounts(count: number, signUps: SignUps): Generator<Record<string, unknown>> {
  let lastIssue = SAMPLE_FROM;
  for (let from = 0; from < count; from += CIRCLE) {
    for (const { n, openedAt, balance, updatedAt } of circleAt(from, count, signUps).members) {
      if (openedAt > lastIssue) lastIssue = openedAt;
      yield account(accountId(n), studentId(n), userId(n), balance, openedAt, updatedAt);
    }
  }
  const issuance = account(ISSUANCE_ID, null, null, -ISSUED_CREDITS * count, SAMPLE_FROM, lastIssue);
  yield { ...issuance, system: 'issuance' };
}

/** The issue to every student, and what some of them sent one another. */
export function* transfers(count: number, signUps: SignUps): Generator<Record<string, unknown>> {
  let number = 0;
  for (let from = 0; from < count; from += CIRCLE) {
    const { members, gifts } = circleAt(from, count, signUps);
    for (const { n, openedAt } of members) {
      const sides = { from: ISSUANCE_ID, to: accountId(n), users: [userId(n)] };
      yield transfer(number++, sides, ISSUED_CREDITS, 'Welcome credits', `sample-welcome-${n}`, openedAt);
    }
    for (const [at, gift] of gifts.entries()) {
      const users = [userId(gift.from), userId(gift.to)];
      const sides = { from: accountId(gift.from), to: accountId(gift.to), users };
      yield transfer(number++, sides, gift.amount, gift.reason, `sample-gift-${from}-${at}`, gift.at);
    }
  }
}

function circleAt(from: number, count: number, signUps: SignUps): Circle {
  const random = new Random('aviation.circle', from);
  const members = Array.from({ length: Math.min(CIRCLE, count - from) }, (_, at) => {
    const openedAt = studentCreatedAt(from + at, signUps);
    return { n: from + at, openedAt, balance: ISSUED_CREDITS, updatedAt: openedAt };
  });
  const gifts: Gift[] = [];
  const wanted = members.length > 1 ? random.int(0, 5) : 0;
  // Nothing is sent before the last of the circle has an account, and each gift comes after the one before.
  let at = new Date(Math.max(...members.map(({ openedAt }) => openedAt.getTime())));
  for (let made = 0; made < wanted; made++) {
    const [giver, taker] = random.shuffle(members);
    if (!giver || !taker) break;
    const amount = Math.min(giver.balance, random.int(5, 40));
    if (amount === 0) continue;
    at = later(at, random.exponential(9 * DAY_MS));
    giver.balance -= amount;
    taker.balance += amount;
    giver.updatedAt = at;
    taker.updatedAt = at;
    gifts.push({ from: giver.n, to: taker.n, amount, reason: random.pick(REASONS), at });
  }
  return { members, gifts };
}

function account(
  _id: Types.ObjectId,
  owner: Types.ObjectId | null,
  user: Types.ObjectId | null,
  balance: number,
  createdAt: Date,
  updatedAt: Date,
) {
  const amounts = { balance: mongo.Long.fromNumber(balance), held: mongo.Long.ZERO };
  return { _id, owner, user, unit: UNIT, ...amounts, frozen: false, createdAt, updatedAt };
}

function transfer(
  number: number,
  { from, to, users }: { from: Types.ObjectId; to: Types.ObjectId; users: Types.ObjectId[] },
  credits: number,
  reason: string,
  idempotencyKey: string,
  createdAt: Date,
) {
  const amount = mongo.Long.fromNumber(credits);
  const _id = id('aviation.transfer', number);
  return {
    _id,
    from,
    to,
    amount,
    reason,
    actor: ACTOR,
    idempotencyKey,
    users,
    createdAt,
    updatedAt: createdAt,
  };
}
