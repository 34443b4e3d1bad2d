import { describe, expect, test } from 'vitest';
import { Viewer } from '../../auth/viewer.js';
import { viewersOf } from '../../auth/viewers.js';
import { BulkheadError } from '../../errors/bulkhead-error.js';
import { DEFAULT_LIMITS } from '../../product/product.js';
import { networkOf, RequestRate, SignInRate, siteOf } from './rate-limits.js';

test.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2::/64'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['192.0.2.7:40000', '192.0.2.7'],
  ['[2001:db8:1:2:3::]:40000', '2001:db8:1:2::/64'],
  ['[2001:db8:1:2:3::]', '2001:db8:1:2::/64'],
  ['[::ffff:192.0.2.7]:1', '192.0.2.7'],
  ['2001:db8:1:2::/64', '2001:db8:1:2::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

test.each([
  ['192.0.2.7:40000', '192.0.2.7'],
  ['2001:db8:1:2::1', '2001:db8:1::/48'],
  ['2001:db8:1:3::/64', '2001:db8:1::/48'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
])('%s shares what there is once with %s', (address, site) => {
  expect(siteOf(address)).toBe(site);
});

describe('a share that is used up', () => {
  const limits = { ...DEFAULT_LIMITS, requestsPerMinute: 3 };
  const address = '192.0.2.1';
  const refusal = () => new BulkheadError('UNAUTHENTICATED', 'no');
  const as = (user: string) => () =>
    Promise.resolve(viewersOf(new Map([['shop', new Viewer('session', user, [], 'shop')]])));
  const codeOf = (asked: Promise<unknown>) =>
    asked.then(
      () => 'let in',
      (error: unknown) => (error as BulkheadError).code,
    );

  test('of an address lets few credentials be looked at, and known ones always', async () => {
    const rate = new RequestRate(limits, ['shop']);
    await rate.identify(address, 'Bearer known', as('ada'));
    for (let i = 0; i < 3; i += 1)
      expect(await codeOf(rate.identify(address, `Bearer ${i}`, () => Promise.reject(refusal())))).toBe(
        'UNAUTHENTICATED',
      );

    let looks = 0;
    const ends: (() => void)[] = [];
    const slowly = () => {
      looks += 1;
      return new Promise<never>((_, reject) => void ends.push(() => reject(refusal())));
    };
    const asked = Array.from({ length: 30 }, (_, i) =>
      codeOf(rate.identify(address, `Bearer x${i}`, slowly)),
    );
    expect(await codeOf(rate.identify(address, 'Bearer known', as('ada')))).toBe('let in');
    expect(await codeOf(rate.identify('192.0.2.2', 'Bearer elsewhere', as('bob')))).toBe('let in');
    expect(looks).toBe(10);
    for (const end of ends) end();
    expect(new Set(await Promise.all(asked))).toEqual(new Set(['RATE_LIMITED']));
  });

  test('of all sessions of an address lets in ten times one’s share, and others as before', async () => {
    const rate = new RequestRate(limits, ['shop']);
    let looks = 0;
    const ask = (user: string, from = address) =>
      codeOf(
        rate.identify(from, `Bearer ${user}`, () => {
          looks += 1;
          return as(user)();
        }),
      );
    for (let user = 0; user < 10; user += 1)
      for (let i = 0; i < 3; i += 1) expect(await ask(`user ${user}`)).toBe('let in');
    expect(await ask('one more')).toBe('RATE_LIMITED');
    const before = looks;
    for (let i = 0; i < 5; i += 1) expect(await ask('one more')).toBe('RATE_LIMITED');
    expect(looks).toBe(before);
    // Neither somebody elsewhere, nor a service or a stranger at the same address.
    expect(await ask('elsewhere', '192.0.2.2')).toBe('let in');
    const service = viewersOf(new Map([['shop', new Viewer('service', 'till', [], 'shop')]]));
    expect(await codeOf(rate.identify(address, 'Bearer till', async () => service))).toBe('let in');
    expect(await codeOf(rate.identify(address, undefined, async () => viewersOf(new Map())))).toBe('let in');
  });

  test.each([
    ['as it was', () => 'Bearer known'],
    ['written otherwise each time', (i: number) => `${i % 2 ? 'bEaReR' : 'BEARER'}${' '.repeat(i + 1)}known`],
  ])('of a known client is refused without looking at its credential again, %s', async (_, headerOf) => {
    const rate = new RequestRate(limits, ['shop']);
    let looks = 0;
    const look = () => {
      looks += 1;
      return as('ada')();
    };
    const codes: string[] = [];
    for (let i = 0; i < 10; i += 1) codes.push(await codeOf(rate.identify(address, headerOf(i), look)));
    expect(codes.filter((code) => code === 'let in')).toHaveLength(3);
    expect(codes.slice(3)).toEqual(Array(7).fill('RATE_LIMITED'));
    expect(looks).toBe(3);
  });
});

describe('networks of one IPv6 site', () => {
  const limits = { ...DEFAULT_LIMITS, requestsPerMinute: 3, signInsPerMinute: 1 };
  const from = (network: number, site = 1) => `2001:db8:${site}:${network.toString(16)}::1`;
  const refused = { code: 'RATE_LIMITED' };

  test('have ten shares together of what strangers ask, and a user of theirs his own', async () => {
    const rate = new RequestRate(limits, ['shop']);
    const stranger = () => Promise.resolve(viewersOf(new Map()));
    const ada = () =>
      Promise.resolve(viewersOf(new Map([['shop', new Viewer('session', 'ada', [], 'shop')]])));
    for (let n = 0; n < 30; n += 1) await rate.identify(from(n), undefined, stranger);
    await expect(rate.identify(from(30), undefined, stranger)).rejects.toMatchObject(refused);
    await rate.identify(from(30, 2), undefined, stranger);
    await rate.identify('192.0.2.1', undefined, stranger);
    // Whoever sends many unknown credentials has ten looks a second, from whatever network of the site.
    let looks = 0;
    const wrong = () => {
      looks += 1;
      return Promise.reject(new BulkheadError('UNAUTHENTICATED', 'no'));
    };
    await Promise.allSettled(
      Array.from({ length: 30 }, (_, n) => rate.identify(from(n + 100), `Bearer ${n}`, wrong)),
    );
    expect(looks).toBe(10);
    const known = new RequestRate(limits, ['shop']);
    await known.identify(from(1), 'Bearer ada', ada);
    for (let n = 0; n < 30; n += 1) await known.identify(from(n), undefined, stranger);
    await known.identify(from(1), 'Bearer ada', ada);
  });

  test('have ten shares together of tries to sign in', async () => {
    const rate = new SignInRate(limits);
    for (let n = 0; n < 100; n += 1) await rate.take(from(n), `${n}@example.com`);
    await expect(rate.take(from(100), 'ada@example.com')).rejects.toMatchObject(refused);
    await rate.take(from(100, 2), 'ada@example.com');
    await rate.take('192.0.2.1', 'ada@example.com');
  });
});
