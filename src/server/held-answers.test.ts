import { expect, test } from 'vitest';
import { HeldAnswers } from './held-answers.js';

const MIB = 1024 * 1024;
const signalOf = () => new AbortController().signal;
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
  expect(codeOf(() => held.take(8 * MIB, one))).toBe('ok');
  expect(codeOf(() => held.take(4 * MIB, two))).toBe('PRODUCT_UNAVAILABLE');
  expect(codeOf(() => held.take(MIB, small))).toBe('ok');
  endOne();
  expect(codeOf(() => held.take(4 * MIB, two))).toBe('ok');
});

test('an operation holds no more than its own bound, and none more than all of them', () => {
  const held = new HeldAnswers(10 * MIB);
  const [one, two] = [signalOf(), signalOf()];
  held.open(one, 2 * MIB)();
  held.open(one, 2 * MIB);
  expect(codeOf(() => held.take(2 * MIB, one))).toBe('ok');
  expect(codeOf(() => held.take(1, one))).toBe('OPERATION_TOO_LARGE');
  held.open(two, 100 * MIB);
  expect(codeOf(() => held.take(11 * MIB, two))).toBe('OPERATION_TOO_LARGE');
});

test('an operation without a bound is counted, and never fails; a signal of nobody is not counted', () => {
  const held = new HeldAnswers(10 * MIB);
  const [mutation, query] = [signalOf(), signalOf()];
  expect(codeOf(() => held.take(100 * MIB, signalOf()))).toBe('ok');
  held.open(mutation);
  expect(codeOf(() => held.take(11 * MIB, mutation))).toBe('ok');
  held.open(query, 5 * MIB);
  expect(codeOf(() => held.take(2 * MIB, query))).toBe('PRODUCT_UNAVAILABLE');
});
