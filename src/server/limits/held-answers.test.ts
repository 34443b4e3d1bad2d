import { expect, test } from 'vitest';
import { HeldAnswers } from './held-answers.js';

const MIB = 1024 * 1024;
const signalOf = () => new AbortController().signal;
const alone = (signal: AbortSignal) => [{ signal, share: 1 }];
const codeOf = (work: () => void): string => {
  try {
    work();
    return 'ok';
  } catch (error) {
    return (error as { code: string }).code;
  }
};

test('operations hold so much together; whoever holds little goes on, and what has ended is free', () => {
  const held = new HeldAnswers(10 * MIB);
  const [one, two, small] = [signalOf(), signalOf(), signalOf()];
  const endOne = held.open(one, 100 * MIB);
  held.open(two, 100 * MIB);
  held.open(small, 100 * MIB);
  expect(codeOf(() => held.take(8 * MIB, alone(one)))).toBe('ok');
  expect(codeOf(() => held.take(4 * MIB, alone(two)))).toBe('PRODUCT_UNAVAILABLE');
  expect(codeOf(() => held.take(MIB, alone(small)))).toBe('ok');
  endOne();
  expect(codeOf(() => held.take(4 * MIB, alone(two)))).toBe('ok');
});

test('an operation holds no more than its own bound, and none more than all of them', () => {
  const held = new HeldAnswers(10 * MIB);
  const [one, two] = [signalOf(), signalOf()];
  held.open(one, 2 * MIB)();
  held.open(one, 2 * MIB);
  expect(codeOf(() => held.take(2 * MIB, alone(one)))).toBe('ok');
  expect(codeOf(() => held.take(1, alone(one)))).toBe('OPERATION_TOO_LARGE');
  held.open(two, 100 * MIB);
  expect(codeOf(() => held.take(11 * MIB, alone(two)))).toBe('OPERATION_TOO_LARGE');
});

test('an operation without a bound is counted, and never fails; a signal of nobody is not counted', () => {
  const held = new HeldAnswers(10 * MIB);
  const [mutation, query] = [signalOf(), signalOf()];
  expect(codeOf(() => held.take(100 * MIB, alone(signalOf())))).toBe('ok');
  held.open(mutation);
  expect(codeOf(() => held.take(11 * MIB, alone(mutation)))).toBe('ok');
  held.open(query, 5 * MIB);
  expect(codeOf(() => held.take(2 * MIB, alone(query)))).toBe('PRODUCT_UNAVAILABLE');
});

test('an answer to several is shared out by what each has asked for; too much together is refused to all, uncounted', () => {
  const held = new HeldAnswers(10 * MIB);
  const [one, two] = [signalOf(), signalOf()];
  const ends = [held.open(one, 4 * MIB), held.open(two, 4 * MIB)];
  const both = [
    { signal: one, share: 1 },
    { signal: two, share: 0.5 },
  ];
  // Both have asked for half of it.
  expect(codeOf(() => held.take(4 * MIB, both))).toBe('ok');
  expect(codeOf(() => held.take(1, alone(one)))).toBe('OPERATION_TOO_LARGE');
  expect(codeOf(() => held.take(2 * MIB - 1, alone(two)))).toBe('ok');
  expect(codeOf(() => held.take(2 * MIB, both))).toBe('OPERATION_TOO_LARGE');
  for (const end of ends) end();
  held.open(one, 10 * MIB);
  expect(codeOf(() => held.take(10 * MIB, alone(one)))).toBe('ok');
});
