import { signToken } from '../auth/token-keys.js';
import type { Environment } from '../config/environment.js';
import type { DescribedProduct } from '../development/prepare-messages.js';
import { paint } from './output.js';

/** What `npm start` announces. */
export interface Announcement {
  /** Where the gateway listens. */
  readonly address: string;
  /** Where the database came from, and its version. */
  readonly database: string;
  readonly products: readonly DescribedProduct[];
  readonly environment: Environment;
}

const TOKEN_S = 12 * 60 * 60;
const SHOWN_LINES = 12;
const ANSWER_MS = 10_000;

/** Prints where to go, an example with the first lines of its answer, and a token; or all of it as one line of JSON. */
export async function announce(announcement: Announcement, json: boolean): Promise<void> {
  const { address, database, products, environment } = announcement;
  const first = products[0]!;
  const url = `${address}/graphql/${first.name}`;
  const body = JSON.stringify({ query: first.sampleOperation.replace(/\s+/g, ' ').trim() });
  const token = await developmentToken(environment);
  const urls = Object.fromEntries(products.map(({ name }) => [name, `${address}/graphql/${name}`]));
  if (json) {
    const facts = { address, database, graph: `${address}/graphql`, products: urls, token };
    process.stdout.write(`${JSON.stringify(facts)}\n`);
    return;
  }
  const answer = await firstLines(url, body);
  const rows = [
    ['every product', `${address}/graphql`],
    ...Object.entries(urls),
    ['health', `${address}/health/ready`],
  ] as const;
  const width = Math.max(...rows.map(([name]) => name.length));
  const lines = [
    '',
    ...rows.map(([name, link]) => `  ${name.padEnd(width)}  ${paint('cyan', link)}`),
    '',
    paint('bold', '  Try it:'),
    '',
    // Not indented, so that what is copied runs as it is.
    `curl -s ${url} -H 'content-type: application/json' \\`,
    `  -d '${body.replaceAll("'", String.raw`'\''`)}'`,
    '',
    ...answer.map((line) => paint('dim', line)),
    ...(token
      ? ['', paint('bold', "  A development token, an operator's, for twelve hours:"), '', token]
      : []),
    '',
    paint('dim', '  Ctrl-C stops everything; the data stays.'),
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

async function developmentToken({ operatorKeys }: Environment): Promise<string | undefined> {
  if (operatorKeys?.kind !== 'secret') return undefined;
  return signToken(operatorKeys, { subject: 'developer', scopes: ['*:admin'], expiresInS: TOKEN_S });
}

/** The gateway listens before its products are connected: asks until one answers, or says that it does not. */
async function firstLines(url: string, body: string): Promise<string[]> {
  for (const until = Date.now() + ANSWER_MS; Date.now() < until;) {
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: AbortSignal.timeout(ANSWER_MS),
    }).catch(() => undefined);
    if (answer?.ok) {
      const all = JSON.stringify(await answer.json(), null, 2).split('\n');
      return all.length > SHOWN_LINES ? [...all.slice(0, SHOWN_LINES), '…'] : all;
    }
    // Refused for a reason that waiting does not change, such as a product that wants a token.
    if (answer && answer.status !== 503) return [`(answered ${answer.status}: see the log)`];
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return ['(no answer yet: see the log)'];
}
