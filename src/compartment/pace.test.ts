import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

describe('a pace', () => {
  const busy = (pace: Pace, count: number, everyMs: number, fromMs = 0): number => {
    for (let n = 0; n <= count; n += 1) pace.finish(true, fromMs + n * everyMs);
    return fromMs + count * everyMs;
  };

  it('is unknown, and bounds nothing, until a busy product has finished twenty operations', () => {
    const pace = new Pace();
    const now = busy(pace, 19, 10);
    expect(pace.within(1_000)).toBe(Number.POSITIVE_INFINITY);
    pace.finish(true, now + 10);
    expect(pace.within(1_000)).toBeCloseTo(100);
  });

  it('is not slowed down by a time in which there was little to do', () => {
    const pace = new Pace();
    const now = busy(pace, 20, 10);
    pace.finish(false, now + 10);
    pace.finish(true, now + 60_000);
    pace.finish(true, now + 60_010);
    expect(pace.within(1_000)).toBeCloseTo(100);
  });

  it('follows a product that becomes slower', () => {
    const pace = new Pace();
    busy(pace, 300, 100, busy(pace, 100, 10));
    expect(pace.within(1_000)).toBeCloseTo(10, 0);
  });
});
