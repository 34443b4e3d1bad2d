import { propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import config from '../../bulkhead.config.js';
import { defineGateway } from '../../src/product/gateway.js';
import { isTracing } from '../../src/server/telemetry/traces.js';
import { PASSWORD, TestGateway } from '../support/gateway.js';
import { json, send } from '../support/http.js';

const POSTS = 'query Front { posts(first: 3) { nodes { title author { name } } } }';
const SIGN_IN = 'mutation In($input: SignInInput!) { signIn(input: $input) { token } }';
const SECRET = 'a-value-nobody-may-see@example.org';

const exporter = new InMemorySpanExporter();
let gateway: TestGateway;
let isPicked = true;
let wasTracing: boolean;
beforeAll(async () => {
  wasTracing = isTracing();
  trace.setGlobalTracerProvider(
    new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
      sampler: { shouldSample: () => ({ decision: isPicked ? 2 : 0 }), toString: () => 'test' },
    }),
  );
  // What an SDK's own propagator does.
  propagation.setGlobalPropagator({
    inject: () => {},
    fields: () => ['traceparent'],
    extract: (context, carrier: Record<string, string>) => {
      const [, traceId, spanId] = carrier['traceparent']?.split('-') ?? [];
      if (!traceId || !spanId) return context;
      return trace.setSpanContext(context, { traceId, spanId, traceFlags: 1, isRemote: true });
    },
  });
  const { blog } = config.products;
  gateway = await TestGateway.start({
    gateway: defineGateway({
      ...config,
      products: {
        ...config.products,
        blog: { ...blog!, limits: { ...blog!.limits, operationsPerRequest: 2 } },
      },
    }),
    scale: 0.02,
  });
});
afterAll(() => gateway.close());
beforeEach(() => {
  exporter.reset();
  isPicked = true;
});

/** Spans as a tree of names. */
function tree(spans: readonly ReadableSpan[], parent?: ReadableSpan): object {
  const under = spans.filter(
    ({ parentSpanContext }) => parentSpanContext?.spanId === parent?.spanContext().spanId,
  );
  return Object.fromEntries(under.map((span) => [span.name, tree(spans, span)]));
}

test('nobody traces before an SDK is registered', () => {
  expect([wasTracing, isTracing()]).toEqual([false, true]);
});

test('an operation is a span, with one for each field that sends commands and one for each command', async () => {
  await gateway.ask('blog', POSTS, { headers: { 'x-request-id': 'request-one' } });
  const spans = exporter.getFinishedSpans();
  expect(tree(spans)).toEqual({
    'query Front': { 'Query.posts': { 'find posts': {} }, 'Post.author': { 'find users': {} } },
  });
  expect(new Set(spans.map((span) => span.spanContext().traceId)).size).toBe(1);
  const of = (name: string) => spans.find((span) => span.name === name)!;
  expect(of('query Front')).toMatchObject({
    kind: SpanKind.SERVER,
    attributes: {
      'graphql.operation.type': 'query',
      'graphql.operation.name': 'Front',
      'bulkhead.product': 'blog',
      'bulkhead.request': 'request-one',
    },
  });
  expect(of('find posts')).toMatchObject({
    kind: SpanKind.CLIENT,
    attributes: { 'db.system.name': 'mongodb', 'db.operation.name': 'find', 'db.collection.name': 'posts' },
  });
});

test('each operation of an array is a span of the caller’s trace', async () => {
  const traceparent = `00-${'c'.repeat(32)}-${'d'.repeat(16)}-01`;
  const read = (name: string) => ({ query: `query ${name} { posts(first: 1) { nodes { title } } }` });
  await send(gateway.url('blog'), json([read('One'), read('Two')], { traceparent }));
  const spans = exporter.getFinishedSpans();
  const roots = spans.filter(({ name }) => name.startsWith('query '));
  expect(roots.map(({ name, parentSpanContext }) => [name, parentSpanContext?.spanId])).toEqual([
    ['query One', 'd'.repeat(16)],
    ['query Two', 'd'.repeat(16)],
  ]);
  for (const root of roots) expect(tree(spans, root)).toEqual({ 'Query.posts': { 'find posts': {} } });
});

test('what failed says so, and no value is told', async () => {
  await gateway.ask('blog', SIGN_IN, { variables: { input: { email: SECRET, password: PASSWORD } } });
  const spans = exporter.getFinishedSpans();
  expect(tree(spans)).toEqual({ 'mutation In': { 'Mutation.signIn': { 'find users': {} } } });
  expect(spans.find(({ name }) => name === 'mutation In')!.status.code).toBe(SpanStatusCode.ERROR);
  const told = JSON.stringify(
    spans.map(({ name, attributes, events, status }) => [name, attributes, events, status]),
  );
  expect(told).not.toContain(SECRET);
});

test('an operation on the composed graph is one span over its products, and continues the caller’s trace', async () => {
  const traceparent = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
  const query = 'query Both { blog { posts(first: 1) { nodes { title } } } aviation { subjects { code } } }';
  await gateway.ask(undefined, query, { headers: { traceparent } });
  const spans = exporter.getFinishedSpans();
  const root = spans.find(({ name }) => name === 'query Both')!;
  expect([root.spanContext().traceId, root.parentSpanContext?.spanId]).toEqual([
    'a'.repeat(32),
    'b'.repeat(16),
  ]);
  expect(tree(spans, root)).toEqual({
    'Query.posts': { 'find posts': {} },
    'Query.subjects': { 'find subjects': {} },
  });
});

test('an operation that is not picked leaves no span, and its commands are as they always are', async () => {
  isPicked = false;
  const commands = await gateway.commandsOf(() => gateway.ask('blog', POSTS));
  expect(exporter.getFinishedSpans()).toEqual([]);
  expect(commands.map(({ command }) => command['comment'] as string)).toEqual([
    'bulkhead:blog:Front:Query.posts',
    'bulkhead:blog:Front:Post.author',
  ]);
  expect(gateway.server.runtimes.get('blog')!.traces.size).toBe(0);
});
