import { createHash } from 'node:crypto';
import { getNamedType, isInputObjectType, isObjectType, isScalarType } from 'graphql';
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest';
import { TestGateway } from '../support/gateway.js';

let gateway: TestGateway;
beforeAll(async () => {
  gateway = await TestGateway.start();
});
afterAll(() => gateway.close());
afterEach(() => vi.restoreAllMocks());

const VIEWER = '{ viewer { id } }';

// How long a comparison takes cannot be tested; who compares can.
test('the signature of a token is compared by the platform', async () => {
  const verify = vi.spyOn(crypto.subtle, 'verify');
  const token = await gateway.service('blog', 'blog:read');
  expect((await gateway.ask('blog', VIEWER, { token })).body.data.viewer.id).toBe('svc-1');
  const signature = Buffer.from(token.split('.')[2]!, 'base64url');
  expect(verify.mock.calls.map(([, , given]) => Buffer.from(given as Uint8Array))).toEqual([signature]);
});

test('a session is found by the database, by the hash of its token', async () => {
  const { token, id } = await gateway.signUp('blog');
  const commands = await gateway.commandsOf(async () => {
    expect((await gateway.ask('blog', VIEWER, { token })).body.data.viewer.id).toBe(id);
  });
  const tokenHash = createHash('sha256').update(token).digest('hex');
  expect(commands[0]!.command).toMatchObject({ find: 'sessions', filter: { tokenHash } });
  expect(JSON.stringify(commands)).not.toContain(token);
});

test('no argument takes an object of free form, a pipeline or a projection', () => {
  const scalars = new Set<string>();
  for (const { schema } of gateway.server.targets) {
    const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));
    const inputs = [
      ...types.filter(isInputObjectType).flatMap((type) => Object.values(type.getFields())),
      ...types
        .filter(isObjectType)
        .flatMap((type) => Object.values(type.getFields()).flatMap(({ args }) => args)),
    ];
    for (const type of inputs.map((input) => getNamedType(input.type)))
      if (isScalarType(type)) scalars.add(type.name);
  }
  expect([...scalars].sort()).toEqual(['Credits', 'DateTime', 'ID', 'Int', 'String']);
});
