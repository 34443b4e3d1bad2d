import { verify } from '@node-rs/argon2';
import { expect, test, vi } from 'vitest';
import { hashPassword, verifyPassword } from './passwords.js';

vi.mock('@node-rs/argon2', async (importOriginal) => {
  const original = await importOriginal<typeof import('@node-rs/argon2')>();
  return { ...original, verify: vi.fn<typeof original.verify>(original.verify) };
});

const cost = /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/;

test('a password fits its own hash only', async () => {
  const stored = await hashPassword('correct horse');
  expect(stored).toMatch(cost);
  expect(await verifyPassword(stored, 'correct horse')).toBe(true);
  expect(await verifyPassword(stored, 'correct horse ')).toBe(false);
  expect(await verifyPassword(stored, '')).toBe(false);
  expect(await hashPassword('correct horse')).not.toBe(stored);
});

test('one letter typed in two ways is one password', async () => {
  expect(await verifyPassword(await hashPassword('caf\u00e9'), 'cafe\u0301')).toBe(true);
});

test.each([undefined, '', 'no hash at all'])(
  'with %j stored, the same work is done in vain',
  async (stored) => {
    vi.mocked(verify).mockClear();
    expect(await verifyPassword(stored, 'anything')).toBe(false);
    expect(verify).toHaveBeenLastCalledWith(expect.stringMatching(cost), Buffer.from('anything'));
  },
);

test('a password longer than any is refused, not cut', async () => {
  const stored = await hashPassword('x'.repeat(1024));
  expect(await verifyPassword(stored, 'x'.repeat(1025))).toBe(false);
  await expect(hashPassword('x'.repeat(1025))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test.each([
  '\uFDFA'.repeat(32),
  '\u3300'.repeat(256),
  '\u{1F600}\uFE0F'.repeat(256),
  `xy${'\u{1F600}'.repeat(256)}`,
])('a longer one is cut between characters before it is compared in vain: %s', async (password) => {
  for (const stored of [undefined, await hashPassword('another')]) {
    vi.mocked(verify).mockClear();
    expect(await verifyPassword(stored, password)).toBe(false);
    expect(verify).toHaveBeenCalledTimes(1);
    const [, compared] = vi.mocked(verify).mock.calls[0]!;
    expect(compared.length).toBeGreaterThan(1024 - 4);
    expect(compared.length).toBeLessThanOrEqual(1024);
    expect(
      password
        .normalize('NFKC')
        .startsWith(new TextDecoder('utf-8', { fatal: true }).decode(compared as Buffer)),
    ).toBe(true);
  }
  await expect(hashPassword(password)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
});

test('however many sign in at one product, they refuse and hold up nobody at another', async () => {
  const stored = await hashPassword('correct horse');
  const crowd = Array.from({ length: 60 }, (_, i) =>
    verifyPassword(stored, 'wrong horse', { product: 'blog', client: `198.51.100.${i}` }),
  );
  const over = vi.fn<() => void>();
  const all = Promise.allSettled(crowd).finally(over);
  const good = Array.from({ length: 5 }, (_, i) =>
    verifyPassword(stored, 'correct horse', { product: 'aviation', client: `203.0.113.${i}` }),
  );
  expect(await Promise.all(good)).toEqual(good.map(() => true));
  expect(over).not.toHaveBeenCalled();
  const refused = (await all).filter(({ status }) => status === 'rejected');
  // Two are worked on and forty wait, of whom five are aviation's.
  expect(refused).toHaveLength(60 - 2 - 40 + 5);
});
