import type { Power } from './viewer.js';

const powers: readonly Power[] = ['read', 'write', 'admin'];

/** The scopes of one product that a token under the product's own key holds: literal ones and no others. */
export const productScopes = (claimed: readonly string[], product: string): readonly string[] =>
  powers.map((power) => `${product}:${power}`).filter((scope) => claimed.includes(scope));

/** The scopes an operator's token holds in one product: its own, and what `*:<power>` gives everywhere. */
export const operatorScopes = (claimed: readonly string[], product: string): readonly string[] =>
  powers
    .filter((power) => claimed.includes(`${product}:${power}`) || claimed.includes(`*:${power}`))
    .map((power) => `${product}:${power}`);

/** The scopes of a signed-in user, over own rows. */
export const sessionScopes = (product: string): readonly string[] => [`${product}:read`, `${product}:write`];
