import type { mongo } from 'mongoose';
import { beforeAll, describe, expect, it } from 'vitest';
import { collect } from '../collect.js';
import { DAY_MS, SAMPLE_UNTIL } from '../time.js';
import { aviationSample } from './index.js';
import { ISSUANCE_ID } from './ledger.js';
import { templates } from './templates/index.js';

interface Question {
  _id: unknown;
  subject: unknown;
  text: string;
  choices: { text: string }[];
  difficulty: string;
  correctChoice: number;
}

interface Attempt {
  student: unknown;
  user: unknown;
  question: unknown;
  choice: number;
  correct: boolean;
  answeredAt: Date;
  createdAt: Date;
}

let all: ReturnType<typeof collect>;
let questions: Map<string, Question>;
let attempts: Attempt[];
beforeAll(() => {
  all = collect(aviationSample({ scale: 1, passwordHash: 'a hash' }));
  const list = (all.get('questions') ?? []) as unknown as Question[];
  questions = new Map(list.map((question) => [String(question._id), question]));
  attempts = (all.get('attempts') ?? []) as unknown as Attempt[];
});

const rate = (list: Attempt[]) => list.filter(({ correct }) => correct).length / list.length;

describe('the subjects', () => {
  it('are the thirteen of the ATPL(A), by official number and name', () => {
    expect((all.get('subjects') ?? []).map(({ code, name }) => `${String(code)} ${String(name)}`)).toEqual([
      '010 Air Law',
      '021 Aircraft General Knowledge – Airframe/Systems/Electrics/Power plant',
      '022 Aircraft General Knowledge – Instrumentation',
      '031 Mass and Balance',
      '032 Performance – Aeroplanes',
      '033 Flight Planning and Monitoring',
      '040 Human Performance and Limitations',
      '050 Meteorology',
      '061 General Navigation',
      '062 Radio Navigation',
      '070 Operational Procedures',
      '081 Principles of Flight – Aeroplanes',
      '090 Communications',
    ]);
  });

  it('each ask in at least six ways, some of them with numbers', () => {
    expect(Object.keys(templates)).toHaveLength(13);
    for (const list of Object.values(templates)) {
      expect(list.length).toBeGreaterThanOrEqual(6);
      expect(list.filter(({ rows }) => rows === Infinity).length).toBeGreaterThanOrEqual(2);
    }
  });
});

describe('the questions', () => {
  it('have four different choices, any of which may be the correct one', () => {
    const positions = [0, 0, 0, 0];
    for (const { choices, correctChoice } of questions.values()) {
      expect(new Set(choices.map(({ text }) => text)).size).toBe(4);
      positions[correctChoice] = (positions[correctChoice] ?? 0) + 1;
    }
    for (const count of positions) expect(count / questions.size).toBeCloseTo(0.25, 1);
  });

  it('read well and are nearly all different', () => {
    const texts = [...questions.values()].map(({ text, choices }) => [
      text,
      ...choices.map((choice) => choice.text),
    ]);
    expect(texts.flat().filter((text) => /undefined|NaN|Infinity|[{}]|\s\s/.test(text))).toEqual([]);
    expect(new Set(texts.map(([text]) => text)).size).toBeGreaterThan(questions.size * 0.97);
  });
});

describe('the attempts', () => {
  it('are correct exactly when the correct choice was chosen', () => {
    const wrong = attempts.filter(({ question, choice, correct }) => {
      const asked = questions.get(String(question));
      return !asked || choice < 0 || choice > 3 || (choice === asked.correctChoice) !== correct;
    });
    expect(wrong).toEqual([]);
  });

  it('belong to the user of their student', () => {
    const userOf = new Map((all.get('students') ?? []).map(({ _id, user }) => [String(_id), String(user)]));
    expect(attempts.filter(({ student, user }) => userOf.get(String(student)) !== String(user))).toEqual([]);
    expect(new Set(userOf.values()).size).toBe(userOf.size);
  });

  it('succeed less often the harder the question', () => {
    const rates = ['EASY', 'MEDIUM', 'HARD'].map((grade) =>
      rate(attempts.filter(({ question }) => questions.get(String(question))?.difficulty === grade)),
    );
    const [easy = 0, medium = 0, hard = 0] = rates;
    expect(easy - medium).toBeGreaterThan(0.1);
    expect(medium - hard).toBeGreaterThan(0.1);
    expect(hard).toBeGreaterThan(0.25);
    expect(easy).toBeLessThan(0.95);
  });

  it('succeed more often the longer a student has learned, and differ between students', () => {
    const byStudent = new Map<string, Attempt[]>();
    for (const attempt of attempts) {
      const known = byStudent.get(String(attempt.student));
      if (known) known.push(attempt);
      else byStudent.set(String(attempt.student), [attempt]);
    }
    const busy = [...byStudent.values()].filter((list) => list.length >= 100);
    const third = (list: Attempt[], from: number) =>
      list.slice((list.length * from) / 3, (list.length * (from + 1)) / 3);
    expect(rate(busy.flatMap((list) => third(list, 2)))).toBeGreaterThan(
      rate(busy.flatMap((list) => third(list, 0))) + 0.08,
    );
    const rates = busy.map(rate).sort((a, b) => a - b);
    expect((rates.at(-1) ?? 0) - (rates[0] ?? 0)).toBeGreaterThan(0.3);
    expect(new Set([...byStudent.values()].map((list) => list.length)).size).toBeGreaterThan(100);
  });

  it('fall into the last half year, in order per student, mostly on working days and evenings', () => {
    const last = new Map<string, Date>();
    const disorder: unknown[] = [];
    for (const { student, answeredAt, createdAt } of attempts) {
      if (answeredAt !== createdAt || answeredAt <= (last.get(String(student)) ?? 0)) disorder.push(student);
      last.set(String(student), answeredAt);
    }
    expect(disorder).toEqual([]);
    expect(Math.min(...[...last.values()].map(Number))).toBeGreaterThan(
      SAMPLE_UNTIL.getTime() - 183 * DAY_MS,
    );
    const evening = attempts.filter(
      ({ answeredAt }) => answeredAt.getUTCHours() >= 15 && answeredAt.getUTCHours() < 22,
    );
    expect(evening.length / attempts.length).toBeGreaterThan(0.45);
    const saturdays = attempts.filter(({ answeredAt }) => answeredAt.getUTCDay() === 6).length;
    expect(saturdays / attempts.length).toBeLessThan(1 / 7);
  });
});

describe('the ledger', () => {
  const number = (value: unknown) => (value as mongo.Long).toNumber();

  it('adds up: balances are the fold of the transfers, and their sum is zero', () => {
    const balances = new Map<string, number>();
    const move = (account: unknown, amount: number) =>
      balances.set(String(account), (balances.get(String(account)) ?? 0) + amount);
    for (const { from, to, amount } of all.get('ledger.transfers') ?? []) {
      expect(number(amount)).toBeGreaterThan(0);
      move(from, -number(amount));
      move(to, number(amount));
    }
    const accounts = all.get('ledger.accounts') ?? [];
    for (const { _id, balance } of accounts) expect(number(balance)).toBe(balances.get(String(_id)));
    expect(accounts.reduce((sum, { balance }) => sum + number(balance), 0)).toBe(0);
    const negative = accounts.filter(({ balance }) => number(balance) < 0);
    expect(negative.map(({ _id }) => String(_id))).toEqual([String(ISSUANCE_ID)]);
  });

  it('never lets a student go below zero on the way', () => {
    const balances = new Map<string, number>();
    const overdrawn = new Set<string>();
    const inTime = [...(all.get('ledger.transfers') ?? [])].sort(
      (a, b) => Number(a['createdAt']) - Number(b['createdAt']),
    );
    for (const { from, to, amount } of inTime) {
      for (const [side, change] of [
        [String(from), -number(amount)],
        [String(to), number(amount)],
      ] as const) {
        balances.set(side, (balances.get(side) ?? 0) + change);
        if ((balances.get(side) ?? 0) < 0) overdrawn.add(side);
      }
    }
    expect([...overdrawn]).toEqual([String(ISSUANCE_ID)]);
  });

  it('dates an account by its last transfer, which never changes', () => {
    const last = new Map<string, number>();
    for (const { from, to, createdAt, updatedAt } of all.get('ledger.transfers') ?? []) {
      expect(updatedAt).toEqual(createdAt);
      for (const side of [String(from), String(to)]) {
        last.set(side, Math.max(last.get(side) ?? 0, (createdAt as Date).getTime()));
      }
    }
    for (const { _id, updatedAt } of all.get('ledger.accounts') ?? []) {
      expect((updatedAt as Date).getTime()).toBe(last.get(String(_id)));
    }
  });

  it('has keys that are used once', () => {
    const keys = (all.get('ledger.transfers') ?? []).map(({ idempotencyKey }) => idempotencyKey);
    expect(new Set(keys).size).toBe(keys.length);
  });
});
