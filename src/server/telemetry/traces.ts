import {
  type Context,
  context,
  propagation,
  ProxyTracerProvider,
  type Span,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import type { ExecutionResult } from 'graphql';
import { originOf, tailOf } from '../../monitor/comment.js';
import type { GraphTarget, IncomingOperation } from '../graph-target.js';
import type { ProductRuntime } from '../runtime/product-runtime.js';

const TRACER = 'bulkhead';

/**
 * Whether an OpenTelemetry SDK is registered. It must be before the gateway is created (`node --import ./otel.mjs`);
 * where it is not, nothing here is ever called again.
 */
export function isTracing(): boolean {
  const provider = trace.getTracerProvider();
  return (
    !(provider instanceof ProxyTracerProvider) ||
    provider.getDelegate() !== new ProxyTracerProvider().getDelegate()
  );
}

/** One operation's span, with a span for each field that sends commands. Of the client's words it holds the operation's name. */
export class OperationTrace {
  readonly #span: Span;
  readonly #context: Context;
  readonly #fields = new Map<string, { readonly span: Span; readonly context: Context; end: number }>();

  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.#context = trace.setSpan(parent, span);
  }

  /** The span's id, by which commands name it. */
  get id(): string {
    return this.#span.spanContext().spanId;
  }

  /** Begins the span of a command that a field sends. */
  command(product: string, field: string, name: string, collection: string | undefined): Span {
    const key = `${product} ${field}`;
    let known = this.#fields.get(key);
    if (!known) {
      const attributes = { 'bulkhead.product': product, 'bulkhead.field': field };
      const span = trace.getTracer(TRACER).startSpan(field, { attributes }, this.#context);
      known = { span, context: trace.setSpan(this.#context, span), end: Date.now() };
      this.#fields.set(key, known);
    }
    return trace.getTracer(TRACER).startSpan(
      collection === undefined ? name : `${name} ${collection}`,
      {
        kind: SpanKind.CLIENT,
        attributes: {
          'bulkhead.product': product,
          'db.system.name': 'mongodb',
          'db.operation.name': name,
          ...(collection !== undefined && { 'db.collection.name': collection }),
        },
      },
      known.context,
    );
  }

  /** A command of a field was answered. */
  answered(product: string, field: string, span: Span, hasFailed: boolean): void {
    if (hasFailed) span.setStatus({ code: SpanStatusCode.ERROR });
    span.end();
    const known = this.#fields.get(`${product} ${field}`);
    if (known) known.end = Date.now();
  }

  /** The operation is over; a field's span ends with its last command. */
  end(hasFailed: boolean): void {
    for (const { span, end } of this.#fields.values()) span.end(end);
    if (hasFailed) this.#span.setStatus({ code: SpanStatusCode.ERROR });
    this.#span.end();
  }
}

const NAME = /^\w{1,100}$/;

/** Executes an operation under a span of its own, beneath the request's where there is one. */
export async function executeTraced(
  target: GraphTarget,
  operation: IncomingOperation,
): Promise<ExecutionResult> {
  const { definition, request } = operation;
  const active = context.active();
  const parent = trace.getSpan(active) ? active : propagation.extract(active, request.headers);
  const name = definition.name && NAME.test(definition.name.value) ? definition.name.value : undefined;
  const span = trace.getTracer(TRACER).startSpan(
    name === undefined ? definition.operation : `${definition.operation} ${name}`,
    {
      kind: SpanKind.SERVER,
      attributes: {
        'graphql.operation.type': definition.operation,
        ...(name !== undefined && { 'graphql.operation.name': name }),
        ...(target.product && { 'bulkhead.product': target.product.name }),
        'bulkhead.request': request.requestId,
      },
    },
    parent,
  );
  // One that was not picked costs nothing more.
  if (!span.isRecording()) return target.execute(operation);
  const traced = new OperationTrace(span, parent);
  let hasFailed = true;
  try {
    const result = await target.execute({ ...operation, request: { ...request, trace: traced } });
    hasFailed = result.errors !== undefined;
    return result;
  } finally {
    traced.end(hasFailed);
  }
}

/**
 * Gives each command of a traced operation a span. Commands find their operation by their comment, since a command that
 * waits in the driver's pool is sent from another one's call.
 */
export function traceCommands({ name: product, traces, watchers }: ProductRuntime): void {
  watchers.push({
    command({ name, command }) {
      const comment: unknown = command['comment'];
      const traced = typeof comment === 'string' ? traces.get(tailOf(comment, 'span') ?? '') : undefined;
      if (!traced) return undefined;
      const { field } = originOf(comment);
      const collection: unknown = command[name];
      const span = traced.command(
        product,
        field,
        name,
        typeof collection === 'string' ? collection : undefined,
      );
      return ({ failure }) => traced.answered(product, field, span, failure !== undefined);
    },
  });
}
