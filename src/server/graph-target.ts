import type { ExecutionResult, GraphQLSchema, OperationDefinitionNode, DocumentNode } from 'graphql';
import { GraphQLError, OperationTypeNode } from 'graphql';
import { productNames } from '../config/names.js';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { compose, type GatewayContext } from '../graph/compose.js';
import type { ProductContext } from '../graph/context.js';
import { Executor } from '../graph/execute.js';
import { type OpsContext, opsNamespace } from '../monitor/graph.js';
import { composedLimits, type Limits } from '../product/product.js';
import { fieldUsage, ownerInComposed, ownerInProduct } from './telemetry/field-usage.js';
import { withCost } from './telemetry/measured-cost.js';
import type { Entrance } from './limits/admission.js';
import { reckoner } from './limits/operation-cost.js';
import { OpsVisit } from './ops-visit.js';
import { partsRefuser } from './runtime/product-parts.js';
import { ProductRequest } from './runtime/product-request.js';
import type { ProductRuntime } from './runtime/product-runtime.js';
import type { RequestScope } from './request-scope.js';

/** An operation as the server hands it over: parsed and validated. */
export interface IncomingOperation {
  readonly document: DocumentNode;
  readonly definition: OperationDefinitionNode;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Leaves out of errors which names of the schema are near to a wrong one. */
  readonly hideSuggestions: boolean;
  readonly request: RequestScope;
}

/** A graph that is served at one path. */
export interface GraphTarget {
  readonly path: string;
  /** The product, or undefined for the composed graph. */
  readonly product: ProductRuntime | undefined;
  readonly schema: GraphQLSchema;
  /** What it takes of a client; of the composed graph see {@link composedLimits}. */
  readonly limits: Limits;
  execute(operation: IncomingOperation): Promise<ExecutionResult>;
}

const withReports = (result: ExecutionResult, { reports }: RequestScope): ExecutionResult =>
  reports.size > 0
    ? { ...result, extensions: { ...result.extensions, ...Object.fromEntries(reports) } }
    : result;

/** An operation that was refused before it was executed: no data, and the status of its error. */
function notExecuted(error: unknown): ExecutionResult {
  if (!(error instanceof BulkheadError)) throw error;
  const headers =
    error.retryAfterS === undefined ? undefined : new Map([['retry-after', String(error.retryAfterS)]]);
  return {
    errors: [
      new GraphQLError(error.message, {
        extensions: { ...error.extensions, http: { status: error.status, ...(headers && { headers }) } },
        originalError: error,
      }),
    ],
  };
}

/** No graph here has subscriptions; graphql-js would call that a fault of the schema. */
const notOffered = () =>
  new BulkheadError(
    'OPERATION_RESOLUTION_FAILURE',
    'Subscriptions are not offered: send a query or a mutation.',
  );

/** Why a validated operation is not executed in a graph; undefined when it is. */
function refuser(schema: GraphQLSchema, limits: Limits) {
  const reckon = reckoner(schema, limits.inputs);
  return ({ document, definition, variables, request }: IncomingOperation): BulkheadError | undefined => {
    if (definition.operation === OperationTypeNode.SUBSCRIPTION) return notOffered();
    const { objects, inputs } = reckon(document, definition, variables);
    if (inputs > limits.inputs)
      return new BulkheadError(
        'OPERATION_TOO_LARGE',
        `The operation brings more than ${limits.inputs} values (items of lists, fields of objects, each further 256 characters of a text, for every field that reads them), or nests them too deeply: send fewer at once.`,
      );
    const { batch } = request;
    const before = batch?.cost ?? 0;
    if (objects + before > limits.cost)
      return new BulkheadError(
        'OPERATION_TOO_LARGE',
        `The operation asks for up to ${objects} objects${before > 0 ? `, those before it for ${before}` : ''}; at most ${limits.cost} are allowed: ask for smaller pages.`,
      );
    if (batch) batch.cost += objects;
    return undefined;
  };
}

/** One product's own graph: `/graphql/<product>`. */
export function productTarget(runtime: ProductRuntime): GraphTarget {
  const { schema } = runtime.graph;
  const executor = new Executor(schema);
  const usage = fieldUsage(schema, ownerInProduct(runtime.name));
  const { limits } = runtime.product;
  const refusalOf = refuser(schema, limits);
  return {
    path: `/graphql/${runtime.name}`,
    product: runtime,
    schema,
    limits,
    async execute(operation) {
      const { document, definition, request } = operation;
      const refusal = refusalOf(operation);
      if (refusal) return notExecuted(refusal);
      let stay: ProductRequest;
      try {
        const writes = definition.operation === OperationTypeNode.MUTATION;
        if (writes) runtime.compartment.assertWritable();
        const kind = writes ? 'writes' : 'reads';
        stay = await ProductRequest.enter(runtime, request, definition.name?.value, kind);
      } catch (error) {
        return notExecuted(error);
      }
      let hasFailed = true;
      try {
        const context = (fieldName?: string) => stay.context(fieldName);
        const result = await executor.execute({ ...operation, context });
        hasFailed = result.errors !== undefined;
        runtime.noteFailures(result.errors ?? []);
        runtime.recorder?.fields(usage(document).get(runtime.name) ?? [], request.application);
        return await withCost(withReports(result, request), [stay]);
      } finally {
        stay.close(hasFailed);
      }
    },
  };
}

/** The doors of one request into the products; each is entered once, when the operation first needs it. */
class Doors {
  readonly #stays = new Map<string, Promise<ProductRequest>>();
  readonly #admitted = new Map<string, Promise<void>>();
  readonly #open = new Set<ProductRequest>();
  readonly #visit: OpsVisit;
  #closed = false;

  constructor(
    readonly runtimes: ReadonlyMap<string, ProductRuntime>,
    readonly request: RequestScope,
    readonly operationName: string | undefined,
    readonly entrance: Entrance,
  ) {
    this.#visit = new OpsVisit(runtimes, request);
  }

  /** A context of the gateway: its products' contexts are made once, so a mutation field asks for a new one. */
  context(fieldName?: string): GatewayContext & OpsContext {
    const contexts = new Map<string, ProductContext>();
    return {
      enter: async (product) => {
        const known = contexts.get(product);
        if (known) return known;
        await this.#admit(product);
        if (fieldName !== undefined) this.runtimes.get(product)!.compartment.assertWritable();
        const stay = await this.#enter(product, fieldName === undefined ? 'reads' : 'writes');
        const made = contexts.get(product) ?? stay.context(fieldName && localName(fieldName, product));
        contexts.set(product, made);
        return made;
      },
      entered: (product) => {
        const context = contexts.get(product);
        if (!context) throw new TypeError(`${product} was not entered.`);
        return context;
      },
      ops: () => this.#visit.products(),
    };
  }

  /** Those that were entered. */
  get open(): Iterable<ProductRequest> {
    return this.#open;
  }

  close(hasFailed: (product: string) => boolean): void {
    this.#closed = true;
    this.#visit.close();
    for (const stay of this.#open) stay.close(hasFailed(stay.runtime.name));
  }

  /** Once for an operation, which counts as one request. */
  #admit(product: string): Promise<void> {
    const admitted = this.#admitted.get(product) ?? this.entrance(this.runtimes.get(product)!, this.request);
    this.#admitted.set(product, admitted);
    return admitted;
  }

  #enter(product: string, kind: 'reads' | 'writes'): Promise<ProductRequest> {
    let stay = this.#stays.get(product);
    if (!stay) {
      stay = ProductRequest.enter(this.runtimes.get(product)!, this.request, this.operationName, kind).then(
        (entered) => {
          // The answer may be out before the place was given.
          if (this.#closed) entered.close(true);
          else this.#open.add(entered);
          return entered;
        },
      );
      this.#stays.set(product, stay);
    }
    return stay;
  }
}

const isOf = (product: string, rootField: unknown): boolean =>
  typeof rootField === 'string' && rootField.startsWith(productNames(product).field);

/** `aviationTransferCredits` as aviation itself names it. */
function localName(fieldName: string, product: string): string {
  const rest = fieldName.slice(productNames(product).field.length);
  return rest.charAt(0).toLowerCase() + rest.slice(1);
}

const openToAll: Entrance = async () => {};

/**
 * The composed graph: `/graphql`.
 *
 * @param entrance whom each product lets in; left out, everybody.
 * @throws StartError when products come to the same names.
 */
export function composedTarget(
  runtimes: ReadonlyMap<string, ProductRuntime>,
  entrance: Entrance = openToAll,
): GraphTarget {
  const schema = compose(
    [...runtimes.values()].map(({ name, graph }) => {
      const { field, typePrefix } = productNames(name);
      return { name, field, typePrefix, schema: graph.schema };
    }),
    { ops: opsNamespace },
  );
  const executor = new Executor(schema);
  const usage = fieldUsage(schema, ownerInComposed(runtimes));
  const limits = composedLimits([...runtimes.values()].map(({ product }) => product.limits));
  const refusalOf = refuser(schema, limits);
  const partRefusal = partsRefuser(schema, runtimes);
  return {
    path: '/graphql',
    product: undefined,
    schema,
    limits,
    async execute(operation) {
      const { document, definition, variables, request } = operation;
      const { batch } = request;
      const costs = partRefusal(document, definition, variables, batch?.costs);
      const refusal = costs instanceof BulkheadError ? costs : refusalOf(operation);
      if (refusal) return notExecuted(refusal);
      if (batch && !(costs instanceof BulkheadError)) batch.costs = costs;
      const doors = new Doors(runtimes, request, definition.name?.value, entrance);
      let errors: ExecutionResult['errors'];
      try {
        const context = (fieldName?: string) => doors.context(fieldName);
        const result = await executor.execute({ ...operation, context });
        ({ errors } = result);
        // Which of them it was is not told by an alias; to look at a good credential costs little.
        for (const { runtime } of doors.open) runtime.noteFailures(errors ?? []);
        for (const [product, fields] of usage(document))
          runtimes.get(product)?.recorder?.fields(fields, request.application);
        return await withCost(withReports(result, request), doors.open);
      } finally {
        // A namespace and the mutations of a product begin with its name.
        doors.close((product) => errors?.some(({ path }) => isOf(product, path?.[0])) ?? false);
      }
    },
  };
}
