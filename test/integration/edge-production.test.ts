import { defineGateway } from 'bulkhead';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { closedProduct, edgeProduct } from '../support/edge-product.js';
import { TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';
import { refusalOf } from '../support/refusal.js';

let gateway: TestGateway;
let production: TestGateway;
beforeAll(async () => {
  const declared = defineGateway({ products: { edge: edgeProduct(), closed: closedProduct() } });
  [gateway, production] = await Promise.all([
    TestGateway.start({ gateway: declared }),
    TestGateway.start({ gateway: declared, env: { NODE_ENV: 'production' } }),
  ]);
});
afterAll(() => Promise.all([gateway.close(), production.close()]));

const ASK = { query: '{ __typename }' };

describe('in production', () => {
  test('nobody introspects, whatever the fields are called', async () => {
    for (const text of [
      '{ a: __schema { types { name } } }',
      '{ b: __type(name: "Doll") { name } }',
      'fragment F on Query { __schema { types { name } } } { ...F }',
    ]) {
      const { status, body } = await production.ask('edge', text);
      expect(status).toBe(400);
      expect(body.data).toBeUndefined();
      expect(body.errors[0].extensions).toEqual({ code: 'GRAPHQL_VALIDATION_FAILED' });
      expect(JSON.stringify(body)).not.toContain('Apollo');
      expect((await gateway.ask('edge', text)).body.data).toBeTruthy();
    }
  });

  test('no error suggests what the client did not write', async () => {
    const near: [string, Record<string, unknown>?][] = [
      ['{ ecko(text: "x") }'],
      ['{ echo(texd: "x") }'],
      ['{ doll { innr { id } } }'],
      ['query ($d: Dol) { __typename }'],
      ['{ paint(colour: REDD) }'],
      ['query ($c: Colour!) { paint(colour: $c) }', { c: 'REDD' }],
    ];
    for (const [text, variables] of near) {
      const ask = (server: TestGateway) => server.ask('edge', text, { ...(variables && { variables }) });
      const open = await ask(gateway);
      expect(JSON.stringify(open.body)).toContain('Did you mean');
      const { body } = await ask(production);
      expect(body.errors[0].message).not.toMatch(/did you mean/i);
    }
  });

  test('errors tell what is missing beside what the client did write, as docs/security.md says', async () => {
    for (const [text, message] of [
      ['{ echo }', 'Field "echo" argument "text" of type "String!" is required, but it was not provided.'],
      ['{ doll }', 'Field "doll" of type "Doll" must have a selection of subfields.'],
      [
        '{ echo(text: "x") { y } }',
        'Field "echo" must not have a selection since type "String!" has no subfields.',
      ],
      ['{ doll { name } }', 'Cannot query field "name" on type "Doll".'],
      [
        'query ($v: Int) { echo(text: $v) }',
        'Variable "$v" of type "Int" used in position expecting type "String!".',
      ],
      ['{ paint(colour: REDD) }', 'Value "REDD" does not exist in "Colour" enum.'],
    ]) {
      const { body } = await production.ask('edge', text!);
      expect(body.errors.map((error: { message: string }) => error.message)).toEqual([message]);
    }
  });

  test('there is no page', async () => {
    const { status, headers, body } = await send(production.url('edge'), {
      headers: { accept: 'text/html' },
    });
    expect(status).toBe(406);
    expect(headers.get('content-type')).toContain('json');
    expect(body.errors[0].extensions.code).toBe('BAD_REQUEST');
  });

  test('the composed graph answers operators only', async () => {
    const ask = (token?: string) => production.ask(undefined, '{ edge { __typename } }', { token });
    const anonymous = await ask();
    expect(refusalOf(anonymous)).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    expect(anonymous.headers.get('www-authenticate')).toBe('Bearer');
    expect(refusalOf(await ask(await production.service('edge', 'edge:admin')))).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
    });
    expect((await ask(await production.operator())).body.data).toEqual({ edge: { __typename: 'EdgeQuery' } });
  });

  test('a product that is not public refuses strangers before it reads what they ask', async () => {
    for (const server of [gateway, production]) {
      for (const body of ['{ this is', '', JSON.stringify(ASK), JSON.stringify({ query: '{' })])
        expect(refusalOf(await send(server.url('closed'), json(body)))).toEqual({
          status: 401,
          code: 'UNAUTHENTICATED',
        });
      const token = await server.service('closed', 'closed:read');
      expect((await server.ask('closed', '{ __typename }', { token })).body.data).toEqual({
        __typename: 'Query',
      });
      expect((await server.ask('edge', '{ __typename }')).body.data).toEqual({ __typename: 'Query' });
      expect(
        refusalOf(
          await server.ask('closed', '{ __typename }', {
            token: await server.service('edge', 'closed:read'),
          }),
        ),
      ).toEqual({ status: 401, code: 'UNAUTHENTICATED' });
    }
  });
});
