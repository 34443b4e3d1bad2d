import type { ResolverData } from 'type-graphql';
import { expect, test } from 'vitest';
import { authChecker } from './auth-checker.js';
import { Viewer, type Power } from './viewer.js';

const check = (viewer: Viewer, ...powers: Power[]) =>
  authChecker({ context: { viewer } } as ResolverData<{ viewer: Viewer }>, powers);
const service = (...scopes: string[]) => new Viewer('service', 'x', scopes, 'blog');

test('nobody is asked to sign in', () => {
  for (const powers of [[], ['read'], ['admin']] satisfies Power[][])
    expect(() => check(Viewer.anonymous('blog'), ...powers)).toThrow(
      expect.objectContaining({ code: 'UNAUTHENTICATED' }),
    );
});

test('a power includes the smaller ones', () => {
  expect(check(service('blog:admin'), 'read')).toBe(true);
  expect(check(service('blog:write'), 'write')).toBe(true);
  expect(check(service('blog:read'), 'admin', 'read')).toBe(true);
  expect(check(service())).toBe(true);
});

test('a scope that is missing, or another product’s, forbids', () => {
  for (const viewer of [service(), service('blog:write'), service('aviation:admin'), service('*:admin')])
    expect(() => check(viewer, 'admin')).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN', message: 'This needs the scope blog:admin.' }),
    );
});
