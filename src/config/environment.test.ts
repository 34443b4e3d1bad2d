import { generateKeyPairSync, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import * as fc from 'fast-check';
import { StartError } from '../errors/bulkhead-error.js';
import { readEnvironment, type ReadEnvironmentOptions } from './environment.js';
import { gatewayVariables, productVariables } from './variables.js';

const folders: string[] = [];
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'environment-'));
  folders.push(path);
  return path;
};
afterAll(() => folders.forEach((path) => rmSync(path, { recursive: true })));

const empty = folder();
const read = (env: NodeJS.ProcessEnv, options: Partial<ReadEnvironmentOptions> = {}) =>
  readEnvironment({ products: ['blog', 'aviation'], cwd: empty, env, ...options });

const problems = (
  env: NodeJS.ProcessEnv,
  options: Partial<ReadEnvironmentOptions> = {},
): readonly string[] => {
  try {
    read(env, options);
    return [];
  } catch (error) {
    if (error instanceof StartError) return error.problems;
    throw error;
  }
};

const random = () => randomBytes(32).toString('base64url');
const production = () => ({
  NODE_ENV: 'production',
  BLOG_MONGODB_URI: 'mongodb://b:p@db.example/blog',
  AVIATION_MONGODB_URI: 'mongodb://a:p@db.example/aviation',
  BLOG_JWT_SECRET: random(),
  AVIATION_JWT_SECRET: random(),
  BULKHEAD_JWT_SECRET: random(),
});

test('nothing set gives a development gateway on loopback', () => {
  expect(read({})).toEqual({
    production: false,
    host: '127.0.0.1',
    port: 4000,
    logLevel: 'info',
    trustProxy: false,
    introspection: true,
    sandbox: true,
    rateLimits: false,
    monitor: true,
    dataDir: join(empty, '.bulkhead'),
    products: { blog: {}, aviation: {} },
  });
});

test('figures are served where a port for them is named, on this machine unless told otherwise', () => {
  expect(read({ BULKHEAD_METRICS_PORT: '0' }).metrics).toEqual({ host: '127.0.0.1', port: 0 });
  expect(read({ BULKHEAD_METRICS_PORT: '9464', BULKHEAD_METRICS_HOST: '::' }).metrics).toEqual({
    host: '::',
    port: 9464,
  });
  expect(problems({ BULKHEAD_METRICS_PORT: 'x', BULKHEAD_METRICS_HOST: 'everywhere' })).toEqual([
    expect.stringMatching(/^BULKHEAD_METRICS_HOST: expected an address/),
    expect.stringMatching(/^BULKHEAD_METRICS_PORT: expected a whole number/),
  ]);
});

test('production hides the schema, and its result cannot be changed', () => {
  const environment = read(production());
  expect(environment).toMatchObject({ production: true, introspection: false, sandbox: false });
  expect(environment.products['blog']?.keys).toMatchObject({
    kind: 'secret',
    algorithm: 'HS256',
    issuer: 'bulkhead',
    audience: 'bulkhead:blog',
  });
  expect(environment.operatorKeys?.audience).toBe('bulkhead');
  expect(Object.isFrozen(environment.products['blog']?.keys)).toBe(true);
});

test('every mistake is reported at once', () => {
  const found = problems({
    NODE_ENV: 'prod',
    PORT: '70000',
    HOST: 'everywhere',
    BULKHEAD_SANDBOX: 'maybe',
    BULKHEAD_COMPOSED: 'all',
    BULKHEAD_LOG_LEVEL: 'loud',
    BULKHEAD_TRUST_PROXY: '10.0.0.0/99',
    MONGODB_URI: 'postgres://db',
    BULKHEAD_ADMIN_URI: 'mongodb://',
    BLOG_JWKS_URL: 'http://keys.example/jwks',
    AVIATION_JWT_PUBLIC_KEY: 'no key',
    BULKHEAD_JWT_ISSUER: 'me',
    BLOG_MONGO_URI: 'mongodb://db/blog',
  });
  expect(found.map((problem) => problem.split(/[: ]/)[0])).toEqual([
    'NODE_ENV',
    'BULKHEAD_COMPOSED',
    'HOST',
    'PORT',
    'BULKHEAD_LOG_LEVEL',
    'BULKHEAD_TRUST_PROXY',
    'BULKHEAD_SANDBOX',
    'MONGODB_URI',
    'BULKHEAD_ADMIN_URI',
    'BULKHEAD_JWT_ISSUER',
    'BLOG_JWKS_URL',
    'AVIATION_JWT_PUBLIC_KEY',
    'BLOG_MONGO_URI',
  ]);
});

test('production names every missing connection string and key', () => {
  expect(problems({ NODE_ENV: 'production', MONGODB_URI: 'mongodb://root:p@db' })).toEqual([
    expect.stringMatching(/^BULKHEAD_JWT_SECRET.* expected in production, unless BULKHEAD_COMPOSED is off/),
    expect.stringMatching(/^BLOG_MONGODB_URI: expected in production/),
    expect.stringMatching(/^BLOG_JWT_SECRET or BLOG_JWT_PUBLIC_KEY or BLOG_JWKS_URL: expected in production/),
    expect.stringMatching(/^AVIATION_MONGODB_URI/),
    expect.stringMatching(/^AVIATION_JWT_SECRET/),
  ]);
});

test('production needs no operator key where the composed graph is off', () => {
  const { BULKHEAD_JWT_SECRET: _, ...env } = production();
  expect(problems(env)).toHaveLength(1);
  expect(problems({ ...env, BULKHEAD_COMPOSED: 'off' })).toEqual([]);
  expect(problems(env, { composed: 'off' })).toEqual([]);
  expect(problems({ ...env, BULKHEAD_COMPOSED: 'public' }, { composed: 'off' })).toHaveLength(1);
});

test('jobs need ops connection strings alone, in production too', () => {
  const ops = (database: string) => `mongodb://o:p@db.example/${database}`;
  const env = { NODE_ENV: 'production', BLOG_OPS_MONGODB_URI: ops('blog') };
  const { products } = read({ ...env, AVIATION_OPS_MONGODB_URI: ops('aviation') }, { serves: false });
  expect(products).toEqual({ blog: { opsUri: ops('blog') }, aviation: { opsUri: ops('aviation') } });
  expect(problems({ ...env, AVIATION_OPS_MONGODB_URI: ops('blog') }, { serves: false })).toEqual([
    'BLOG_OPS_MONGODB_URI and AVIATION_OPS_MONGODB_URI name the same database; every product has its own.',
  ]);
});

test('a webhook is an address of the web, and no mistake repeats it', () => {
  const url = 'https://hooks.example.org/T0/hunter2';
  expect(read({ BULKHEAD_ALERT_WEBHOOK: url }).alertWebhook).toBe(url);
  for (const wrong of ['hooks.example.org/hunter2', 'file:///hunter2', 'hunter2'])
    expect(problems({ BULKHEAD_ALERT_WEBHOOK: wrong })).toEqual([
      'BULKHEAD_ALERT_WEBHOOK: expected an address starting with https:// or http://.',
    ]);
});

test.each([
  ['short', 'x9$kQ'],
  ['a word repeated', 'secretsecretsecretsecretsecretsecret'],
  ['a sentence repeated', 'qwertyuiopas-1qwertyuiopas-1qwertyuiopas-1'],
  ['a placeholder', 'changeme'],
  ['a long placeholder', 'please-change-this-before-production-42!'],
  ['the alphabet', 'abcdefghijklmnopqrstuvwxyz0123456789'],
  ['a development secret', `development-${random()}`],
])('production refuses a secret that is %s', (_, secret) => {
  expect(problems({ ...production(), BLOG_JWT_SECRET: secret })).toEqual([
    expect.stringMatching(/^BLOG_JWT_SECRET: /),
  ]);
  expect(problems({ BLOG_JWT_SECRET: secret })).toEqual([]);
});

test('random secrets pass, whatever their notation', () => {
  for (const notation of ['hex', 'base64', 'base64url'] as const)
    for (let i = 0; i < 50; i++)
      expect(problems({ ...production(), BLOG_JWT_SECRET: randomBytes(32).toString(notation) })).toEqual([]);
});

test('products share no database, no audience and, in production, no secret', () => {
  const same = random();
  expect(
    problems({
      ...production(),
      AVIATION_MONGODB_URI: 'mongodb://other:user@db.example:27017/blog?retryWrites=true',
      AVIATION_JWT_SECRET: same,
      BULKHEAD_JWT_SECRET: same,
      AVIATION_JWT_AUDIENCE: 'bulkhead:blog',
    }),
  ).toEqual([
    expect.stringMatching(/^BLOG_MONGODB_URI and AVIATION_MONGODB_URI name the same database/),
    expect.stringMatching(/^BLOG_JWT_AUDIENCE and AVIATION_JWT_AUDIENCE/),
    expect.stringMatching(/^AVIATION_JWT_SECRET and BULKHEAD_JWT_SECRET/),
  ]);
  expect(
    problems({ BLOG_MONGODB_URI: 'mongodb://db/blog', BLOG_OPS_MONGODB_URI: 'mongodb://db/bolg' }),
  ).toEqual([expect.stringContaining('expected the same database')]);
});

test('one source of keys per owner, and a key that fits the algorithm', () => {
  const pem = (type: 'rsa' | 'ed25519') =>
    (type === 'rsa'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 })
      : generateKeyPairSync('ed25519')
    ).publicKey //
      .export({ type: 'spki', format: 'pem' })
      .toString();
  const rsa = pem('rsa');
  expect(read({ BLOG_JWT_PUBLIC_KEY: rsa.replaceAll('\n', '\\n') }).products['blog']?.keys).toMatchObject({
    kind: 'publicKey',
    algorithm: 'RS256',
    publicKey: rsa,
  });
  expect(problems({ BLOG_JWT_PUBLIC_KEY: rsa, BLOG_JWT_ALGORITHM: 'EdDSA' })).toHaveLength(1);
  expect(problems({ BLOG_JWT_PUBLIC_KEY: pem('ed25519'), BLOG_JWT_ALGORITHM: 'EdDSA' })).toEqual([]);
  expect(problems({ BLOG_JWT_PUBLIC_KEY: rsa, BLOG_JWT_ALGORITHM: 'HS256' })).toHaveLength(1);
  expect(problems({ BLOG_JWT_SECRET: random(), BLOG_JWT_ALGORITHM: 'RS256' })).toHaveLength(1);
  expect(problems({ BLOG_JWT_SECRET: random(), BLOG_JWKS_URL: 'https://keys.example' })).toEqual([
    'BLOG_JWT_SECRET and BLOG_JWKS_URL are set: keep one source of keys.',
  ]);
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const secretPem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  expect(problems({ BLOG_JWT_PUBLIC_KEY: secretPem })).toHaveLength(1);
});

test('the key before stands beside its successor, of the same kind, and nobody else has it', () => {
  const [now, before] = [random(), random()];
  const env = { ...production(), BLOG_JWT_SECRET: now, BLOG_JWT_SECRET_PREVIOUS: before };
  expect(read(env).products['blog']?.keys).toMatchObject({ secret: now, previous: before });
  expect(problems({ ...env, BLOG_JWT_SECRET_PREVIOUS: now })).toEqual([
    expect.stringMatching(/^BLOG_JWT_SECRET and BLOG_JWT_SECRET_PREVIOUS are the same/),
  ]);
  expect(problems({ ...env, BLOG_JWT_SECRET_PREVIOUS: 'changeme' })).toEqual([
    expect.stringMatching(/^BLOG_JWT_SECRET_PREVIOUS: it is shorter/),
  ]);
  expect(problems({ ...env, AVIATION_JWT_SECRET: before })).toEqual([
    expect.stringMatching(/^BLOG_JWT_SECRET_PREVIOUS and AVIATION_JWT_SECRET are the same/),
  ]);
  expect(problems({ BLOG_JWT_SECRET_PREVIOUS: before })).toEqual([
    'BLOG_JWT_SECRET_PREVIOUS is set, but BLOG_JWT_SECRET, which would follow it, is not.',
  ]);
  expect(problems({ BLOG_JWKS_URL: 'https://keys.example', BLOG_JWT_SECRET_PREVIOUS: before })).toHaveLength(
    1,
  );
});

test('an empty file names no key before, and no key', () => {
  const file = join(folder(), 'empty');
  writeFileSync(file, '\n');
  expect(problems({ ...production(), BLOG_JWT_SECRET_PREVIOUS_FILE: file })).toEqual([]);
  const { BLOG_JWT_SECRET: _, ...env } = production();
  expect(problems({ ...env, BLOG_JWT_SECRET_FILE: file })).toEqual([
    'BLOG_JWT_SECRET_FILE: the file is empty.',
  ]);
});

test('JWKS over plain http is for loopback outside production only', () => {
  expect(problems({ BLOG_JWKS_URL: 'http://127.0.0.1:9/jwks' })).toEqual([]);
  expect(problems({ BLOG_JWKS_URL: 'https://user:pass@keys.example' })).toHaveLength(1);
  const { BLOG_JWT_SECRET: _, ...env } = production();
  expect(problems({ ...env, BLOG_JWKS_URL: 'http://127.0.0.1:9/jwks' })).toHaveLength(1);
  expect(problems({ ...env, BLOG_JWKS_URL: 'https://keys.example/jwks' })).toEqual([]);
});

test('lines of .env that say nothing are named by their number, without what they hold', () => {
  const cwd = folder();
  const lines = [
    '# a comment',
    'PORT=5000 # why',
    'hunter2 hunter2',
    '',
    "export HOST='0.0.0.0'",
    'BULKHEAD_JWT_PUBLIC_KEY="-----BEGIN',
    'hunter2 in the middle of a value',
    'END-----"',
    '=hunter2',
    'EMPTY=',
    'BULKHEAD_DATA_DIR: here',
  ];
  for (const end of ['\n', '\r\n']) {
    writeFileSync(join(cwd, '.env'), lines.join(end));
    const said = problems({}, { cwd }).filter((one) => one.startsWith('.env'));
    expect(said).toEqual(
      [3, 9].map((line) => `.env, line ${line}: expected NAME=value, a comment, or nothing.`),
    );
  }
});

test('files: .env below the environment, NAME_FILE beside NAME', () => {
  const cwd = folder();
  writeFileSync(join(cwd, '.env'), 'PORT=5000\nHOST=0.0.0.0\nBLOG_MONGODB_URI=mongodb://file/blog\n');
  writeFileSync(join(cwd, 'uri'), 'mongodb://secret-file/blog\n');
  writeFileSync(join(cwd, 'nothing'), ' \n');
  const env = { PORT: '6000', BLOG_MONGODB_URI_FILE: 'uri' };
  const environment = read(env, { cwd });
  expect(environment).toMatchObject({ port: 6000, host: '0.0.0.0' });
  expect(environment.products['blog']?.uri).toBe('mongodb://secret-file/blog');
  expect(process.env['HOST']).not.toBe('0.0.0.0');

  expect(
    problems(
      {
        BLOG_MONGODB_URI: 'mongodb://db/blog',
        BLOG_MONGODB_URI_FILE: 'uri',
        MONGODB_URI_FILE: 'nothing',
        BULKHEAD_ADMIN_URI_FILE: 'missing',
      },
      { cwd },
    ),
  ).toEqual([
    'MONGODB_URI_FILE: the file is empty.',
    'BULKHEAD_ADMIN_URI_FILE: expected the path of a readable file (ENOENT).',
    'BLOG_MONGODB_URI and BLOG_MONGODB_URI_FILE are both set: keep one.',
  ]);
});

test.each([
  ['mongodb://127.0.0.1/one', 'mongodb://localhost/one'],
  ['mongodb://127.0.0.1/one', 'mongodb://LOCALHOST:27017/one'],
  ['mongodb://[::1]/one', 'mongodb://127.0.1.1/One'],
  ['mongodb://db.example.org/one', 'mongodb://DB.example.org.:27017/one'],
  ['mongodb://a,b,c/one?replicaSet=rs', 'mongodb://c,a,b/one?replicaSet=rs'],
  ['mongodb://a,b,c/one?replicaSet=rs', 'mongodb://b/one?replicaSet=rs'],
  ['mongodb+srv://cluster.example.org/one', 'mongodb+srv://CLUSTER.example.org./one'],
])('%s and %s are one database', (blog, aviation) => {
  const env = { BLOG_MONGODB_URI: blog, AVIATION_MONGODB_URI: aviation };
  expect(problems(env)).toEqual([
    'BLOG_MONGODB_URI and AVIATION_MONGODB_URI name the same database; every product has its own.',
  ]);
  expect(problems({ ...env, AVIATION_MONGODB_URI: aviation.replace(/one/i, 'two') })).toEqual([]);
});

test.each(['0.0.0.0/0', '::/0', '10.0.0.0/8,0.0.0.0/0', '::ffff:10.0.0.0/96', '10.0.0.0/33'])(
  'BULKHEAD_TRUST_PROXY=%s is refused: what reads it would throw',
  (value) => {
    expect(problems({ BULKHEAD_TRUST_PROXY: value })).toEqual([
      'BULKHEAD_TRUST_PROXY: expected true, false, or addresses such as 10.0.0.0/8,loopback.',
    ]);
  },
);

const everythingThrown = (action: () => unknown): string => {
  try {
    action();
    return '';
  } catch (error) {
    if (error instanceof StartError) return [error.message, error.stack, error.cause].join();
    throw error;
  }
};

test('no message ever repeats a value, wherever a secret was put', () => {
  const names = [...gatewayVariables, ...productVariables('BLOG'), 'BLOG_MONGO_URI', 'BULKHEAD_SECRET'];
  const planted = fc
    .stringMatching(/^[A-Za-z0-9+/=_!$%@:-]{12,60}$/)
    .filter((text) => !gatewayVariables.some((name) => name.includes(text)));
  const around = fc.constantFrom(
    (secret: string) => secret,
    (secret: string) => `mongodb://user:${secret}@host:port/db`,
    (secret: string) => `mongodb://user:${secret}@host/db?nonsense=1`,
    (secret: string) => `mongodb+srv://${secret}`,
    (secret: string) => `https://${secret}@keys.example/`,
    (secret: string) => `development-${secret}`,
    (secret: string) => `-----BEGIN PUBLIC KEY-----\n${secret}`,
  );
  const variable = fc.record({
    name: fc.constantFrom(...names),
    file: fc.boolean(),
    around,
  });
  fc.assert(
    fc.property(
      planted,
      fc.array(variable, { minLength: 1, maxLength: 8 }),
      fc.constantFrom('production', 'development'),
      (secret, variables, mode) => {
        const env: NodeJS.ProcessEnv = { NODE_ENV: mode };
        for (const { name, file, around } of variables) env[file ? `${name}_FILE` : name] = around(secret);
        const shown = everythingThrown(() => read(env, { products: ['blog'] }));
        expect(shown.includes(secret)).toBe(false);
      },
    ),
    { numRuns: 500 },
  );
});
