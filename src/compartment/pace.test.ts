import { describe, expect, it } from 'vitest';
import { Pace } from './pace.js';

describe('a pace', () => {
  it('is unknown, and bounds nothing, until a busy product has finished two operations', () => {
    const pace = new Pace();
    pace.finish(true, 0);
    expect(pace.within(1_000)).toBe(Number.POSITIVE_INFINITY);
    pace.finish(true, 10);
    expect(pace.within(1_000)).toBe(100);
  });

  it('is not slowed down by a time in which there was little to do', () => {
    const pace = new Pace();
    pace.finish(true, 0);
    pace.finish(true, 10);
    pace.finish(false, 20);
    pace.finish(true, 60_000);
    pace.finish(true, 60_010);
    expect(pace.within(1_000)).toBe(100);
  });

  it('follows a product that becomes slower', () => {
    const pace = new Pace();
    let now = 0;
    for (let n = 0; n < 100; n += 1) pace.finish(true, (now += 10));
    for (let n = 0; n < 300; n += 1) pace.finish(true, (now += 100));
    expect(pace.within(1_000)).toBeCloseTo(10, 0);
  });
});
