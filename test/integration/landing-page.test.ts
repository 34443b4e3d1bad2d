import { existsSync } from 'node:fs';
import { defineGateway } from 'bulkhead';
import { parse } from 'graphql';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { closedProduct } from '../support/edge-product.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const HTML = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' };

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start({
    gateway: defineGateway({ products: { ...config.products, closed: closedProduct() } }),
    scale: 0.01,
  });
});
afterAll(() => gateway.close());

const page = async (product: string | undefined, headers: Record<string, string> = {}) => {
  const {
    status,
    headers: answered,
    body,
  } = await send(gateway.url(product), { headers: { ...HTML, ...headers } });
  expect(status).toBe(200);
  expect(answered.get('content-type')).toBe('text/html; charset=utf-8');
  return { headers: answered, html: body as string };
};
const unescape = (html: string) =>
  html.replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)));
const curlOf = (html: string) => unescape(/<pre id="curl"[^>]*>([^<]*)/.exec(html)![1]!);
const sandboxOf = (html: string) => {
  const state = /initialState: \{ document: ("(?:[^"\\]|\\.)*"), headers: (\{.*?\}), includeCookies/.exec(
    html,
  )!;
  return {
    document: JSON.parse(state[1]!) as string,
    headers: JSON.parse(state[2]!) as Record<string, string>,
  };
};
/** Runs what the page's curl line says. */
const runCurl = (curl: string) => {
  const headers = Object.fromEntries(
    [...curl.matchAll(/-H '([^:]+): ([^']+)'/g)].map(([, name, value]) => [name!, value!]),
  );
  const [, path] = /curl -s ORIGIN(\S+)/.exec(curl)!;
  return send(`${gateway.address}${path}`, json(/-d '(.*)'/s.exec(curl)![1]!, headers));
};

test.each([['blog'], ['aviation'], [undefined]])(
  '%s: the operation filled in answers, in Sandbox and from the terminal',
  async (product) => {
    const { html } = await page(product);
    const { document, headers } = sandboxOf(html);
    expect(parse(document).definitions).toHaveLength(1);
    const answer = await send(gateway.url(product), json({ query: document }, headers));
    expect(answer.status).toBe(200);
    expect(answer.body.errors).toBeUndefined();
    expect(JSON.stringify(answer.body.data)).toContain('"nodes":[{');
    expect((await runCurl(curlOf(html))).body).toEqual(answer.body);
    expect(unescape(html)).toContain('type Query {');
  },
);

test('a browser that asks for the address alone is sent to the page', async () => {
  const { statusCode, headers } = await gateway.server.app.inject({ url: '/', headers: HTML });
  expect([statusCode, headers['location']]).toEqual([302, '/graphql']);
});

test('the page cannot be framed, and runs no script but its own and Apollo’s', async () => {
  const first = await page('blog');
  const policy = first.headers.get('content-security-policy')!;
  const nonce = /'nonce-([^']+)'/.exec(policy)![1]!;
  expect(policy).toBe(
    `script-src 'nonce-${nonce}' https://embeddable-sandbox.cdn.apollographql.com; frame-src https://sandbox.embed.apollographql.com; ` +
      "frame-ancestors 'none'; object-src 'none'; base-uri 'none'; form-action 'none'",
  );
  expect(first.headers.get('x-frame-options')).toBe('DENY');
  expect(first.headers.get('cache-control')).toBe('no-store');
  expect(first.headers.get('referrer-policy')).toBe('no-referrer');
  expect(first.html.match(/<script/g)).toHaveLength(1);
  expect(first.html).toContain(`<script nonce="${nonce}">`);
  expect((await page('blog')).headers.get('content-security-policy')).not.toContain(nonce);
});

describe('the developer’s token', () => {
  const inject = (host: string, more: { remoteAddress?: string; headers?: Record<string, string> } = {}) =>
    gateway.server.app.inject({
      method: 'GET',
      url: '/graphql/closed',
      remoteAddress: more.remoteAddress ?? '127.0.0.1',
      headers: { ...HTML, host, ...more.headers },
    });

  test('is given to a browser of this machine that asked for it by a loopback name', async () => {
    for (const host of ['localhost:4000', '127.0.0.1:4000', '[::1]:4000', 'localhost']) {
      const { body } = await inject(host);
      expect(sandboxOf(body).headers['authorization']).toMatch(/^Bearer ey/);
      expect(unescape(body)).toContain('type Query {');
    }
    const { body } = await inject('localhost:4000', { remoteAddress: '::ffff:127.0.0.1' });
    expect(sandboxOf(body).headers['authorization']).toMatch(/^Bearer ey/);
  });

  test('is given to nobody else, and with it goes the schema of a graph that is not public', async () => {
    const others = [
      inject('evil.example'),
      inject('localhost.evil.example:4000'),
      inject('192.0.2.7:4000'),
      inject('localhost:4000', { remoteAddress: '192.0.2.7' }),
      inject('localhost:4000', { headers: { 'x-forwarded-for': '192.0.2.7' } }),
      inject('localhost:4000', { headers: { forwarded: 'for=192.0.2.7' } }),
    ];
    for (const { statusCode, body } of await Promise.all(others)) {
      expect(statusCode).toBe(200);
      expect(sandboxOf(body).headers).toEqual({});
      expect(body).not.toMatch(/Bearer|type Query|type Stone/);
    }
  });
});

/** What the page looks like where Apollo's script cannot be reached. */
async function look(browser: Browser, dark: boolean, width: number) {
  const context = await browser.newContext({
    colorScheme: dark ? 'dark' : 'light',
    viewport: { width, height: 900 },
  });
  const tab = await context.newPage();
  const asked: string[] = [];
  const faults: string[] = [];
  await context.route(
    (url) => url.hostname !== '127.0.0.1',
    (route) => {
      asked.push(route.request().url());
      return route.abort();
    },
  );
  tab.on('pageerror', (error) => faults.push(error.message));
  await tab.goto(gateway.url(undefined), { waitUntil: 'load' });
  const seen = {
    curl: await tab.locator('#curl').innerText(),
    isSchemaVisible: await tab.locator('#sdl').isVisible(),
    sdl: await tab.locator('#sdl').innerText(),
    isSandboxVisible: await tab.locator('#sandbox').isVisible(),
    overflow: await tab.evaluate(
      'document.documentElement.scrollWidth - document.documentElement.clientWidth',
    ),
    colours: await tab.evaluate(
      '[getComputedStyle(document.body).color, getComputedStyle(document.body).backgroundColor]',
    ),
    asked,
    faults,
  };
  await context.close();
  return seen;
}

test('without Apollo’s script the page shows how to ask, and what', async () => {
  const origin = gateway.address;
  if (!existsSync(CHROMIUM)) {
    // No browser to ask: what it would be given.
    const { html } = await page(undefined);
    expect(html).toContain('<div id="sandbox" hidden>');
    expect(html).toContain("curl.textContent.replace('ORIGIN', location.origin)");
    expect(unescape(html)).toContain('type BlogPost {');
    return;
  }
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const colours: unknown[] = [];
    for (const [dark, width] of [
      [false, 1280],
      [true, 400],
    ] as const) {
      const seen = await look(browser, dark, width);
      expect(seen.curl).toContain(`curl -s ${origin}/graphql \\`);
      expect(seen.curl).toMatch(/-H 'authorization: Bearer ey/);
      expect(seen).toMatchObject({ isSchemaVisible: true, isSandboxVisible: false, overflow: 0, faults: [] });
      expect(seen.sdl).toContain('type BlogPost {');
      expect(seen.asked).toEqual([
        'https://embeddable-sandbox.cdn.apollographql.com/v2/embeddable-sandbox.umd.production.min.js',
      ]);
      colours.push(seen.colours);
    }
    expect(colours[0]).not.toEqual(colours[1]);

    // With a script in its place, the page hands it the endpoint, the operation and the token.
    const tab = await browser.newPage();
    await tab.route(
      (url) => url.hostname !== '127.0.0.1',
      (route) =>
        route.fulfill({
          contentType: 'text/javascript',
          body: 'window.EmbeddedSandbox = class { constructor(options) { window.given = options; } };',
        }),
    );
    await tab.goto(gateway.url('blog'), { waitUntil: 'load' });
    await tab.locator('#sandbox').waitFor({ state: 'visible' });
    expect(await tab.locator('#plain').isVisible()).toBe(false);
    const given = await tab.evaluate('window.given');
    expect(given).toMatchObject({
      target: '#sandbox',
      initialEndpoint: `${origin}/graphql/blog`,
      initialState: {
        document: expect.stringContaining('posts(first: 3)'),
        headers: { authorization: expect.stringMatching(/^Bearer ey/) },
      },
    });
  } finally {
    await browser.close();
  }
});
