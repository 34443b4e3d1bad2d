import { Deadline } from '../compartment/deadline.js';
import type { ProductContext } from '../graph/context.js';
import { UNBATCHED_AT } from '../monitor/recorder.js';
import { createProductContext } from './product-context.js';
import type { ProductRuntime } from './product-runtime.js';
import type { RequestScope } from './request-scope.js';

const NAME = /^[A-Za-z_][A-Za-z0-9_]{0,99}$/;

/** One request's stay in one product: a place in its compartment, and a deadline. */
export class ProductRequest {
  readonly #leave: () => void;
  readonly #began = performance.now();
  /** Commands by field, in contexts that were made for it. */
  readonly #commands = new Map<string, number>();

  private constructor(
    readonly runtime: ProductRuntime,
    readonly request: RequestScope,
    readonly operationName: string,
    readonly deadline: Deadline,
    leave: () => void,
  ) {
    this.#leave = leave;
  }

  /** @throws BulkheadError `PRODUCT_UNAVAILABLE` when the product cannot take the operation. */
  static async enter(
    runtime: ProductRuntime,
    request: RequestScope,
    operationName: string | undefined,
  ): Promise<ProductRequest> {
    const deadline = new Deadline(runtime.name, runtime.product.limits.deadlineMs, request.client);
    try {
      const leave = await runtime.compartment.enter(deadline.signal);
      const name = operationName && NAME.test(operationName) ? operationName : '-';
      return new ProductRequest(runtime, request, name, deadline, leave);
    } catch (error) {
      deadline.close();
      throw error;
    }
  }

  /** A context with fresh loaders. @param fieldName the mutation field it is made for. */
  context(fieldName?: string): ProductContext {
    const coordinate = fieldName ? `Mutation.${fieldName}` : 'Query';
    const { request, deadline, operationName } = this;
    const onCommand = (by: string) => void this.#commands.set(by, (this.#commands.get(by) ?? 0) + 1);
    return createProductContext(this.runtime, { request, deadline, operationName, coordinate, onCommand });
  }

  /** Leaves the compartment; the operation is over. */
  close(hasFailed: boolean): void {
    this.deadline.close();
    this.#leave();
    const { recorder } = this.runtime;
    if (!recorder) return;
    recorder.operation(this.operationName, performance.now() - this.#began, hasFailed);
    for (const [field, commands] of this.#commands)
      // A root field is sent as often as the client asks for it.
      if (commands >= UNBATCHED_AT && !/^(?:Query|Mutation)\b/.test(field))
        recorder.unbatched(this.operationName, field, commands);
  }
}
