import type { ResponsePath } from 'graphql';
import { Deadline } from '../../compartment/deadline.js';
import type { ProductContext } from '../../graph/context.js';
import { CostMeter, type OperationCost } from '../../monitor/command-cost.js';
import { markedName, plainName } from '../../monitor/comment.js';
import { sentOneByOne } from '../../monitor/one-by-one.js';
import { UNBATCHED_AT } from '../../monitor/recorder.js';
import { siteOf } from '../limits/rate-limits.js';
import { createProductContext } from './product-context.js';
import type { ProductRuntime } from './product-runtime.js';
import { mostRead } from '../limits/held-answers.js';
import type { RequestScope } from '../request-scope.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** One request's stay in one product: a place in its compartment, and a deadline. */
export class ProductRequest {
  readonly #leave: () => void;
  readonly #began = performance.now();
  readonly #meter: CostMeter | undefined;
  /** Of each context, the places that commands were sent for, by field. They are compared when the operation is over. */
  readonly #places: Map<string, ResponsePath[]>[] = [];

  private constructor(
    readonly runtime: ProductRuntime,
    readonly request: RequestScope,
    readonly operationName: string,
    readonly deadline: Deadline,
    leave: () => void,
    isMeasured: boolean,
  ) {
    this.#leave = leave;
    if (isMeasured) {
      this.#meter = new CostMeter(`bulkhead:${runtime.name}:${operationName}:`);
      runtime.watchers.push(this.#meter);
    }
    const { trace } = request;
    if (trace) runtime.traces.set(trace.id, trace);
  }

  /** @throws BulkheadError `PRODUCT_UNAVAILABLE` when the product cannot take the operation. */
  static async enter(
    runtime: ProductRuntime,
    request: RequestScope,
    operationName: string | undefined,
    kind: 'reads' | 'writes',
  ): Promise<ProductRequest> {
    const { deadlineMs } = runtime.product.limits;
    const began = request.batch?.began ?? request.began;
    const deadline = new Deadline(runtime.name, deadlineMs, request.client, began);
    const name = operationName && NAME.test(operationName) ? operationName : '-';
    try {
      const leave = await runtime.compartment.enter(deadline.signal, kind, siteOf(request.network));
      const release = runtime.held.open(
        deadline.signal,
        kind === 'reads' ? mostRead(runtime.product.limits) : undefined,
      );
      const isMeasured = request.wantsCost(runtime.name) && runtime.recorder !== undefined;
      return new ProductRequest(
        runtime,
        request,
        isMeasured ? markedName(name) : name,
        deadline,
        () => {
          release();
          leave();
        },
        isMeasured,
      );
    } catch (error) {
      deadline.close();
      runtime.recorder?.refused(name);
      throw error;
    }
  }

  /** A context with fresh loaders. @param fieldName the mutation field it is made for. */
  context(fieldName?: string): ProductContext {
    const coordinate = fieldName ? `Mutation.${fieldName}` : 'Query';
    const { request, deadline, operationName } = this;
    const places = new Map<string, ResponsePath[]>();
    this.#places.push(places);
    const onCommand = (by: string, place: ResponsePath) => {
      const known = places.get(by);
      if (known) known.push(place);
      else places.set(by, [place]);
    };
    return createProductContext(this.runtime, { request, deadline, operationName, coordinate, onCommand });
  }

  /** What the operation has cost; undefined where nobody asked, or nothing is monitored. */
  async cost(): Promise<OperationCost | undefined> {
    return this.#meter?.read(this.runtime.link.db, this.runtime.name);
  }

  /** Leaves the compartment; the operation is over. */
  close(hasFailed: boolean): void {
    this.deadline.close();
    this.#leave();
    if (this.request.trace) this.runtime.traces.delete(this.request.trace.id);
    const { watchers } = this.runtime;
    if (this.#meter) watchers.splice(watchers.indexOf(this.#meter), 1);
    const name = plainName(this.operationName);
    const ms = performance.now() - this.#began;
    for (const watcher of watchers) watcher.operation?.(name, ms, hasFailed);
    for (const [field, commands] of this.#unbatched())
      for (const watcher of watchers) watcher.unbatched?.(name, field, commands);
  }

  /** Fields that sent commands one by one, and the most that one sent in one context: loaders are a context's. */
  #unbatched(): ReadonlyMap<string, number> {
    const most = new Map<string, number>();
    for (const byField of this.#places)
      for (const [field, places] of byField) {
        const commands = places.length < UNBATCHED_AT ? 0 : sentOneByOne(places);
        if (commands >= UNBATCHED_AT) most.set(field, Math.max(commands, most.get(field) ?? 0));
      }
    return most;
  }
}
