import { runInNewContext, Script } from 'node:vm';
import * as fc from 'fast-check';
import { buildSchema } from 'graphql';
import { expect, test } from 'vitest';
import { landingPage } from './landing-page.js';

const schema = buildSchema('"""</pre><script>alert(1)</script>""" type Query { a: Int }');

test('nothing shown can become markup or script', () => {
  const nasty = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.constantFrom(
      '</script><script>alert(1)</script>',
      '<!--<script>',
      "'; alert(1); '",
      '"><img src=x onerror=alert(1)>',
      '\u2028',
      '${1}',
      '$&',
    ),
  );
  fc.assert(
    fc.property(nasty, nasty, nasty, (title, operation, token) => {
      const { html, headers } = landingPage({
        title,
        path: '/graphql',
        schema,
        operation,
        token: token || undefined,
      });
      expect(html.match(/<script/gi)).toHaveLength(1);
      expect(html.match(/<\/script/gi)).toHaveLength(1);
      expect(html.match(/<img|<!--/gi)).toBeNull();
      const nonce = /nonce="([^"]+)"/.exec(html)![1]!;
      expect(headers['content-security-policy']).toContain(`'nonce-${nonce}'`);
      // The script is one that runs, and what it holds is what was given.
      const script = /<script[^>]*>([\s\S]*)<\/script>/i.exec(html)![1]!;
      expect(() => new Script(script)).not.toThrow();
      const state = /initialState: ([^\n]*),\n/.exec(script)![1]!;
      const { document, headers: sent } = runInNewContext(`(${state})`) as {
        document: string;
        headers: Record<string, string>;
      };
      expect(document).toBe(operation);
      expect({ ...sent }).toEqual(token ? { authorization: `Bearer ${token}` } : {});
    }),
    { numRuns: 200 },
  );
});

test('an operation with a quote stays one word of the shell', () => {
  const { html } = landingPage({
    title: 't',
    path: '/graphql',
    schema: undefined,
    operation: '{ a(text: "it\'s") }',
    token: undefined,
  });
  const curl = /<pre id="curl"[^>]*>([^<]*)/
    .exec(html)![1]!
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
  expect(curl).toContain(`-d '{"query":"{ a(text: \\"it'\\''s\\") }"}'`);
  expect(html).not.toContain('id="sdl"');
});
