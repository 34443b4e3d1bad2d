import type { ResponsePath } from 'graphql';
import type { Deadline } from '../../compartment/deadline.js';
import { Places } from '../../compartment/places.js';
import { translating } from '../../database/driver-errors.js';
import { Writer } from '../../database/models.js';
import type { CommandScope, Reader } from '../../database/reader.js';
import { noTurn, type WriteTurn } from '../../database/write-turn.js';
import { IN_FIELD, type Models, type ProductContext, type SignIns } from '../../graph/context.js';
import { Lists } from '../../graph/lists.js';
import { Loaders } from '../../graph/loaders.js';
import type { ReadScope } from '../../graph/read-scope.js';
import { withTail } from '../../monitor/comment.js';
import { siteOf } from '../limits/rate-limits.js';
import { Pieces, PIECES } from '../../graph/pieces.js';
import { BoundedReader } from './bounded-reader.js';
import { FairReader } from './fair-reader.js';
import type { ProductLink } from './product-link.js';
import type { ProductRuntime } from './product-runtime.js';
import type { RequestScope } from '../request-scope.js';

/** Which operation a context serves. */
export interface OperationScope {
  readonly request: RequestScope;
  readonly deadline: Deadline;
  /** The operation's name as the client gave it, or `-`. */
  readonly operationName: string;
  /** The mutation field the context is made for, as commands name it: `Mutation.createPost`. */
  readonly coordinate: string;
  /** Hears each read that is for one place of the answer alone, by the field that sends it. */
  readonly onCommand?: (coordinate: string, place: ResponsePath) => void;
}

const DURABLE = {
  readConcern: { level: 'snapshot' },
  writeConcern: { w: 'majority', j: true },
  readPreference: 'primary',
} as const;

/** The one place where a command gets its comment and its time limit. */
const commandScope =
  (runtime: ProductRuntime, { request, deadline, operationName }: OperationScope) =>
  (coordinate: string): CommandScope => {
    let comment = `bulkhead:${runtime.name}:${operationName}:${coordinate}`;
    if (runtime.namesRequests) comment = withTail(comment, 'request', request.requestId);
    if (request.trace) comment = withTail(comment, 'span', request.trace.id);
    return {
      comment,
      maxTimeMS: deadline.remainingMs,
      signal: deadline.signal,
    };
  };

/** A fifth of the connections: with those in flight at once, an operation of many fields is not a neighbour's outage. */
const readPlaces = ({ product }: ProductRuntime): Places =>
  new Places(Math.max(2, Math.floor(product.limits.poolSize / 5)), Number.POSITIVE_INFINITY);

/** Who sends the commands of models. */
interface Sender {
  readonly reader: Reader;
  readonly scope: () => CommandScope;
  /** Hears each read. */
  readonly onRead?: () => void;
}

function modelsOf(
  link: ProductLink,
  { reader, scope, onRead }: Sender,
  deadline: Deadline,
  turn: WriteTurn = link.turns.take,
): Models {
  return {
    of: (target) => new Writer(link.models.model(target), reader, scope, turn, onRead),
    transaction: (work) => {
      let tries = 0;
      return translating(() =>
        deadline.race(
          turn(
            () =>
              link.client.withSession((session) =>
                session.withTransaction(
                  () => {
                    // The driver retries for two minutes; the operation has seconds.
                    deadline.signal.throwIfAborted();
                    // Inside a transaction the time limit is the transaction's own.
                    const inside = () => ({ ...scope(), session });
                    tries += 1;
                    // What is read again because others write is no loop.
                    const sender = { reader, scope: inside, ...(tries === 1 && onRead && { onRead }) };
                    return work(modelsOf(link, sender, deadline, noTurn), session);
                  },
                  { ...DURABLE, maxCommitTimeMS: deadline.remainingMs },
                ),
              ),
            deadline.signal,
          ),
        ),
      );
    },
  };
}

function signInsOf(
  runtime: ProductRuntime,
  request: RequestScope,
  scope: () => CommandScope,
): SignIns | undefined {
  const { sessions } = runtime;
  const { take } = runtime.link.turns;
  const user = runtime.product.signIns?.user as SignIns['user'] | undefined;
  if (!sessions || !user) return undefined;
  return {
    user,
    product: runtime.name,
    client: siteOf(request.network),
    aside: (work) => runtime.compartment.aside(work),
    signal: scope().signal,
    admit: async (email) => request.admitSignIn?.(runtime.name, email),
    open: (userId) => translating(() => take(() => sessions.open(userId, scope()), scope().signal)),
    close: async () =>
      request.token !== undefined && translating(() => sessions.close(request.token!, scope())),
  };
}

/** Makes the context of one operation (of one mutation field) in one product. */
export function createProductContext(runtime: ProductRuntime, operation: OperationScope): ProductContext {
  const { request, deadline, coordinate } = operation;
  const { link } = runtime;
  const command = commandScope(runtime, operation);
  const here = () => command(coordinate);
  const viewer = request.viewers(runtime.name);
  const fair = new FairReader(link.reader, link.readTurns, siteOf(request.network));
  const models = modelsOf(link, { reader: fair, scope: here }, deadline);
  const reader = new BoundedReader(fair, readPlaces(runtime), deadline);
  const { answers } = link;
  const pieces = new Pieces(runtime.name, deadline.signal);
  const reads: ReadScope = {
    product: runtime.name,
    viewer,
    reader,
    pieces,
    command: (by, place) => {
      if (place) operation.onCommand?.(by, place);
      return command(by);
    },
    ...(answers && {
      answers: (asked, by) =>
        reader.inTurn(() =>
          answers.answer(asked, by, { reader: fair, mayWrite: !runtime.compartment.isReadOnly }),
        ),
    }),
  };
  const signIns = signInsOf(runtime, request, here);
  const context: ProductContext = {
    product: runtime.name,
    viewer,
    lists: new Lists(reads),
    loaders: new Loaders(reads),
    models,
    ...(signIns && { signIns }),
    deadline,
    report: (heading, responseKey) => {
      const keys = request.reports.get(heading) ?? [];
      request.reports.set(heading, [...keys, responseKey]);
    },
    [IN_FIELD]: (by, place) => {
      const onRead = () => operation.onCommand?.(by, place);
      const sender = { reader: fair, scope: () => command(by), onRead };
      return Object.freeze({ ...context, models: modelsOf(link, sender, deadline) });
    },
    [PIECES]: pieces,
  };
  for (const bind of link.capabilities) Object.assign(context, bind(context, here));
  return Object.freeze(context);
}
