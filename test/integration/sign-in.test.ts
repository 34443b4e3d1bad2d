import { createHash } from 'node:crypto';
import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { hashPassword } from '../../src/auth/passwords.js';
import { eventually } from '../support/eventually.js';
import { type Answer, PASSWORD, TestGateway } from '../support/gateway.js';
import { json } from '../support/http.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.close());

const SIGN_UP =
  'mutation ($input: SignUpInput!) { signUp(input: $input) { token expiresAt viewer { id scopes } } }';
const SIGN_IN =
  'mutation ($input: SignInInput!) { signIn(input: $input) { token expiresAt viewer { id scopes } } }';
const signUp = (product: string, input: Record<string, unknown>): Promise<Answer> =>
  gateway.ask(product, SIGN_UP, { variables: { input } });
const signIn = (product: string, email: string, password = PASSWORD): Promise<Answer> =>
  gateway.ask(product, SIGN_IN, { variables: { input: { email, password } } });
const viewer = (product: string | undefined, token: string): Promise<Answer> =>
  gateway.ask(
    product,
    product ? '{ viewer { id } }' : '{ blog { viewer { id } } aviation { viewer { id } } }',
    { token },
  );

let people = 0;
const newEmail = () => `person-${++people}@example.org`;

describe.each(['blog', 'aviation'])('%s', (product) => {
  const other = product === 'blog' ? 'aviation' : 'blog';

  test('one address is one account, however its letters are composed', async () => {
    const [nfc, nfd] = ['jos\u00e9', 'jose\u0301'].map((name) => `${name}-${product}@example.org`);
    const first = await signUp(product, { name: 'José', email: nfd, password: PASSWORD });
    expect(first.body.errors).toBeUndefined();
    const users = gateway.db(product).collection('users');
    expect(await users.countDocuments({ email: nfc! })).toBe(1);
    for (const email of [nfc!, nfd!]) {
      const again = await signUp(product, { name: 'José', email, password: PASSWORD });
      expect(again.body.errors[0]).toMatchObject({
        message: 'Taken: email.',
        extensions: { code: 'ALREADY_EXISTS', fields: ['email'] },
      });
      expect((await signIn(product, email)).body.data.signIn.viewer.id).toBe(
        first.body.data.signUp.viewer.id,
      );
    }
  });

  test('accounts from before addresses were composed alike go on working, each under its own', async () => {
    const [nfc, nfd] = ['zo\u00eb', 'zoe\u0308'].map((name) => `${name}-${product}@example.org`);
    const users = gateway.db(product).collection('users');
    const { viewer: who } = (await signUp(product, { name: 'Zoë', email: nfc, password: PASSWORD })).body.data
      .signUp;
    const _id = new mongo.ObjectId(who.id as string);
    await users.updateOne({ _id }, { $set: { email: nfd } });
    for (const email of [nfc!, nfd!]) {
      expect((await signIn(product, email)).body.data.signIn.viewer.id).toBe(who.id);
      expect((await signUp(product, { name: 'Z', email, password: PASSWORD })).body.errors[0].message).toBe(
        'Taken: email.',
      );
    }
    const other = { ...(await users.findOne({ _id })), _id: new mongo.ObjectId(), email: nfc };
    await users.insertOne(other);
    expect((await signIn(product, nfc!)).body.data.signIn.viewer.id).toBe(other._id.toHexString());
    expect((await signIn(product, nfd!)).body.data.signIn.viewer.id).toBe(who.id);
  });

  test.each([
    ['email', { email: 'a\ud800@example.org' }],
    ['email', { email: 'a\u200f@example.org' }],
    ['password', { password: 'secret-enough\udfff' }],
    ['name', { name: '\u200b' }],
    ['name', { name: 'Ada\u200f' }],
  ])('%s is refused by its name: %j', async (field, wrong) => {
    const { body } = await signUp(product, { name: 'Ada', email: newEmail(), password: PASSWORD, ...wrong });
    expect(body.errors[0].extensions).toEqual({
      code: 'BAD_USER_INPUT',
      problems: [expect.stringContaining(`${field} must be `)],
    });
  });

  test('half a surrogate pair in the address of a sign-in is refused by the name of the field', async () => {
    const { body } = await signIn(product, 'a\ud800@example.org');
    expect(body.errors[0].extensions).toMatchObject({ problems: ['email must be well-formed Unicode'] });
  });

  test('signing up signs in; the password and the token are stored hashed, the address in one form', async () => {
    const email = `Mixed.Case-${product}@Example.ORG`;
    const { body } = await signUp(product, { name: ' Ada ', email, password: PASSWORD });
    expect(body.errors).toBeUndefined();
    const { token, expiresAt, viewer: who } = body.data.signUp;
    expect(who.scopes).toEqual([`${product}:read`, `${product}:write`]);
    expect(token).toMatch(new RegExp(`^bhs_${product}_[\\w-]{43}$`));
    expect(new Date(expiresAt).getTime()).toBeGreaterThan(Date.now() + 6 * 24 * 60 * 60 * 1000);

    const user = (await gateway
      .db(product)
      .collection('users')
      .findOne({ _id: new mongo.ObjectId(who.id as string) }))!;
    expect(user).toMatchObject({ name: 'Ada', email: email.toLowerCase() });
    expect(user['passwordHash']).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    const sessions = await gateway.db(product).collection('sessions').find({ user: user._id }).toArray();
    expect(sessions).toHaveLength(1);
    expect(sessions[0]!['tokenHash']).toBe(
      createHash('sha256')
        .update(token as string)
        .digest('hex'),
    );
    expect(JSON.stringify([user, sessions])).not.toContain(PASSWORD);
    expect(JSON.stringify([user, sessions])).not.toContain(token.slice(-43));

    const again = await signIn(product, ` ${email.toUpperCase()} `);
    expect(again.body.data.signIn.viewer.id).toBe(who.id);
    expect(again.body.data.signIn.token).not.toBe(token);
  });

  test('a token is good on its own product only, until it signs out', async () => {
    const { token, id } = await gateway.signUp(product);
    expect((await viewer(product, token)).body.data.viewer.id).toBe(id);
    const composed = (await viewer(undefined, token)).body.data;
    expect([composed[product].viewer?.id, composed[other].viewer]).toEqual([id, null]);
    const abroad = await viewer(other, token);
    expect([abroad.status, abroad.body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    // The same secret under the other product's name is no better.
    expect((await viewer(other, token.replace(product, other))).status).toBe(401);

    const second = await signIn(
      product,
      (await gateway
        .db(product)
        .collection('users')
        .findOne({ _id: new mongo.ObjectId(id) }))!['email'] as string,
    );
    const out = 'mutation { signOut }';
    expect((await gateway.ask(product, out, { token })).body).toEqual({ data: { signOut: true } });
    for (const endpoint of [product, undefined]) {
      const refused = await viewer(endpoint, token);
      expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
    }
    // Another session of the same user goes on.
    expect((await viewer(product, second.body.data.signIn.token as string)).body.data.viewer.id).toBe(id);
    expect((await gateway.ask(product, out)).body).toEqual({ data: { signOut: false } });
    expect((await gateway.ask(product, out, { token: await gateway.operator() })).body).toEqual({
      data: { signOut: false },
    });
  });

  test('a session is refused from the moment it expires', async () => {
    const { token, id } = await gateway.signUp(product);
    const ask = () => viewer(product, token);
    expect((await ask()).status).toBe(200);
    const expire = { $set: { expiresAt: new Date(Date.now() - 1) } };
    const sessions = gateway.db(product).collection('sessions');
    const { matchedCount } = await sessions.updateOne({ user: new mongo.ObjectId(id) }, expire);
    expect(matchedCount).toBe(1);
    const refused = await ask();
    expect([refused.status, refused.body.errors[0].extensions.code]).toEqual([401, 'UNAUTHENTICATED']);
  });

  test('a wrong password and an unknown address get the same answer', async () => {
    const email = newEmail();
    await signUp(product, { name: 'Known', email, password: PASSWORD });
    const [wrong, unknown, empty] = await Promise.all([
      signIn(product, email, `${PASSWORD}!`),
      signIn(product, newEmail(), PASSWORD),
      signIn(product, email, PASSWORD.toUpperCase()),
    ]);
    expect(wrong.body).toEqual({
      data: { signIn: null },
      errors: [
        expect.objectContaining({
          message: 'The address or the password is not right.',
          extensions: { code: 'UNAUTHENTICATED' },
        }),
      ],
    });
    expect(unknown.body).toEqual(wrong.body);
    expect(empty.body).toEqual(wrong.body);
    expect([unknown.status, wrong.status]).toEqual([200, 200]);
  });

  test('an address is taken in whatever case, and the answer does not repeat it', async () => {
    const email = newEmail();
    const first = await signUp(product, { name: 'First', email, password: PASSWORD });
    expect(first.body.errors).toBeUndefined();
    for (const again of [email, email.toUpperCase()]) {
      const { body } = await signUp(product, { name: 'Second', email: again, password: PASSWORD });
      expect(body.data).toEqual({ signUp: null });
      expect(body.errors[0]).toMatchObject({
        message: 'Taken: email.',
        extensions: { code: 'ALREADY_EXISTS' },
      });
      expect(JSON.stringify(body).toLowerCase()).not.toContain(email);
    }
    expect(await gateway.db(product).collection('users').countDocuments({ email })).toBe(1);
    // The other product has its own users.
    expect((await signUp(other, { name: 'Other', email, password: PASSWORD })).body.errors).toBeUndefined();
  });

  test.each([
    [{ name: '' }, 'name must be longer than or equal to 1 characters'],
    [{ name: 'canary'.repeat(20) }, 'name must be shorter than or equal to 80 characters'],
    [{ name: '   ' }, 'name'],
    [{ email: 'canary-without-at' }, 'email must be an email'],
    [{ email: `canary@${'x'.repeat(300)}.org` }, 'email must be'],
    [{ password: 'canary' }, 'password must be longer than or equal to 10 characters'],
    [{ password: 'canary'.repeat(50) }, 'password must be shorter than or equal to 256 characters'],
  ])('refuses %o, names the field and repeats nothing', async (wrong, message) => {
    const input = { name: 'Somebody', email: newEmail(), password: PASSWORD, ...wrong };
    const { body, status } = await signUp(product, input);
    expect([status, body.data]).toEqual([200, { signUp: null }]);
    expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(body.errors[0].message).toContain(message);
    expect(JSON.stringify(body)).not.toMatch(/canary|example\.org|demo-password/);
    expect(await gateway.db(product).collection('users').countDocuments({ email: input.email })).toBe(0);
  });
});

// prettier-ignore
const REFUSED: readonly (readonly [string, string, string])[] = [
  ['blog', 'createPost(input: { title: "", body: "canary" }) { id }', 'title must be longer'],
  ['blog', 'createPost(input: { title: "canary", body: "" }) { id }', 'body must be longer'],
  ['blog', `createPost(input: { title: "${'canary'.repeat(40)}", body: "b" }) { id }`, 'title must be shorter'],
  ['blog', 'createPost(input: { title: " ", body: "canary" }) { id }', 'title must be one line of Unicode text that is not blank'],
  ['blog', 'createPost(input: { title: "t", body: "b", tags: ["CANARY canary"] }) { id }', 'each tag is made of'],
  ['blog', `createPost(input: { title: "t", body: "b", tags: [${'"canary",'.repeat(11)}] }) { id }`, 'tags must contain no more than 10'],
  ['blog', 'createPost(input: { title: "t", body: "b", author: "canary" }) { id }', 'input.author: expected an id'],
  ['blog', 'updatePost(id: "canary", input: { title: "t" }) { id }', 'id: expected an id'],
  ['blog', 'updatePost(id: "aaaaaaaaaaaaaaaaaaaaaaaa", input: { title: "" }) { id }', 'title must be longer'],
  ['blog', 'addComment(input: { post: "canary", body: "b" }) { id }', 'input.post: expected an id'],
  ['blog', 'addComment(input: { post: "aaaaaaaaaaaaaaaaaaaaaaaa", body: "" }) { id }', 'body must be longer'],
  ['blog', `updateProfile(input: { name: "${'canary'.repeat(20)}" }) { id }`, 'name must be shorter'],
  ['blog', `updateProfile(input: { bio: "${'canary'.repeat(100)}" }) { id }`, 'bio must be shorter'],
  ['blog', `signIn(input: { email: "c", password: "canary" }) { token }`, 'email must be longer'],
  ['aviation', 'createStudent(input: { name: "" }) { id }', 'name must be longer'],
  ['aviation', 'createStudent(input: { name: "canary", user: "canary" }) { id }', 'input.user: expected an id'],
  ['aviation', 'recordAttempt(input: { student: "canary", question: "canary", choice: 1 }) { id }', 'expected an id'],
  ['aviation', 'recordAttempt(input: { student: "s", question: "canary", choice: -1 }) { id }', 'choice must not be less than 0'],
  ['aviation', 'recordAttempts(input: [{ student: "s", question: "canary", choice: 99 }]) { correct }', 'choice must not be greater than 20'],
];

test.each(REFUSED)('%s refuses %s', async (product, text, message) => {
  const token =
    text.includes('(input: { title: "t", body: "b", author') || text.includes('user:')
      ? await gateway.operator()
      : product === 'blog'
        ? (await blogUser()).token
        : (await aviationUser()).token;
  const { body, status } = await gateway.ask(product, `mutation { ${text} }`, { token });
  expect(status).toBe(200);
  expect(body.errors[0].message).toContain(message);
  expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  expect(JSON.stringify(body)).not.toMatch(/canary/i);
});

const once = <T>(work: () => Promise<T>) => {
  let made: Promise<T> | undefined;
  return () => (made ??= work());
};
const blogUser = once(() => gateway.signUp('blog'));
const aviationUser = once(() => gateway.signUp('aviation'));

test.each([
  ['blog', 'posts(filter: { tag: "" }) { nodes { id } }', 'tag must be longer'],
  ['blog', 'posts(filter: { author: "" }) { nodes { id } }', 'filter.author: expected an id'],
  ['blog', 'signUpsPerDay(month: "2026-13") { day }', 'month: expected a month'],
  ['blog', 'signUpsPerDay(month: "2026-11", timeZone: "canary") { day }', 'timeZone: expected an IANA name'],
  ['aviation', 'questions(filter: { subject: "" }) { nodes { id } }', 'filter.subject: expected an id'],
])('%s refuses %s', async (product, text, message) => {
  const { body } = await gateway.ask(product, `{ ${text} }`);
  expect(body.errors[0].message).toContain(message);
  expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
});

test('a password’s turn is waited for aside from the product’s work, and by nobody who has gone', async () => {
  const asides = vi.spyOn(gateway.server.runtimes.get('blog')!.compartment, 'aside');
  await signUp('blog', { name: 'Ada', email: newEmail(), password: PASSWORD });
  expect(asides).toHaveBeenCalledTimes(1);
  // Others take turns with it, so that it has to wait.
  const others = [1, 2, 3].flatMap((line) =>
    Array.from({ length: 8 }, () => hashPassword(PASSWORD, { product: `other ${line}`, client: '' })),
  );
  const leaving = new AbortController();
  const variables = { input: { email: newEmail(), password: PASSWORD } };
  const asked = Promise.allSettled(
    Array.from({ length: 8 }, () =>
      fetch(gateway.url('blog'), { ...json({ query: SIGN_IN, variables }), signal: leaving.signal }),
    ),
  );
  await eventually('all wait', () => asides.mock.calls.length === 1 + 8);
  leaving.abort();
  const ends = await Promise.allSettled(asides.mock.results.map(({ value }) => value as Promise<unknown>));
  expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(0);
  await Promise.all([asked, Promise.allSettled(others)]);
  asides.mockRestore();
});
