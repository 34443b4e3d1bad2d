import { mongo, type Types } from 'mongoose';
import { BulkheadError } from '../errors/bulkhead-error.js';
import { noteSharers } from './sharers.js';
import type { AggregatePlan, CommandScope, LoadPlan, Reader, ReadPlan, Row } from './reader.js';

/** `$in` takes more, but a command stays small and its answer under the reply limit. */
const MAX_KEYS = 1_000;
/** Two keep the database busy while a reply is decoded; more would leave less to join. */
const IN_FLIGHT = 2;

/** One operation's wait for rows. */
interface Load {
  readonly ids: readonly Types.ObjectId[];
  readonly maxTimeMS: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (rows: Map<string, Row>) => void;
  readonly reject: (error: unknown) => void;
  /** False once its operation has ended without it. */
  isWanted: boolean;
  /** Called when that happens. */
  onAbandoned: () => void;
}

type Send = (
  ids: readonly Types.ObjectId[],
  limits: Pick<CommandScope, 'maxTimeMS' | 'signal'>,
) => Promise<Map<string, Row>>;

const { deserialize, serialize } = mongo.BSON;

/** The filter byte for byte: as JSON an id and its text, or two regular expressions, would look the same. */
const bytesOf = (filter: object): string =>
  Buffer.from(serialize(filter, { ignoreUndefined: false })).toString('latin1');

const uniqueIds = (loads: readonly Load[]): Types.ObjectId[] => [
  ...new Map(loads.flatMap(({ ids }) => ids.map((id) => [id.toHexString(), id]))).values(),
];

/** Gives each load the rows that it asked for. A row that two of them asked for is never one object to both. */
function share(rows: Map<string, Row>, loads: readonly Load[]): void {
  const taken = new Set<string>();
  for (const { ids, resolve } of loads) {
    const own = new Map<string, Row>();
    for (const id of ids) {
      const key = id.toHexString();
      const row = rows.get(key);
      if (!row) continue;
      own.set(key, taken.has(key) ? deserialize(serialize(row)) : row);
      taken.add(key);
    }
    resolve(own);
  }
}

/** Loads that differ in nothing but their ids, and so may share a command. */
class Lane {
  readonly #send: Send;
  readonly #onIdle: () => void;
  readonly #waiting = new Set<Load>();
  #inFlight = 0;

  constructor(send: Send, onIdle: () => void) {
    this.#send = send;
    this.#onIdle = onIdle;
  }

  add(load: Load): void {
    this.#waiting.add(load);
    load.onAbandoned = () => this.#waiting.delete(load);
    // What arrives in the same turn of the event loop shares the command.
    if (this.#inFlight < IN_FLIGHT) setImmediate(() => this.#next());
  }

  #next(): void {
    if (this.#inFlight === IN_FLIGHT) return;
    const loads = this.#take();
    if (loads.length > 0) {
      this.#inFlight += 1;
      void this.#serve(loads).finally(() => {
        this.#inFlight -= 1;
        this.#next();
      });
    } else if (this.#inFlight === 0) {
      this.#onIdle();
    }
  }

  /** Those who have waited longest, up to a command's worth of keys. */
  #take(): Load[] {
    const loads: Load[] = [];
    let keys = 0;
    for (const load of this.#waiting) {
      keys += load.ids.length;
      if (loads.length > 0 && keys > MAX_KEYS) break;
      loads.push(load);
      this.#waiting.delete(load);
    }
    return loads;
  }

  async #serve(loads: readonly Load[]): Promise<void> {
    const controller = new AbortController();
    const onAbandoned = () => {
      if (!loads.some(({ isWanted }) => isWanted)) controller.abort();
    };
    for (const load of loads) load.onAbandoned = onAbandoned;
    try {
      const maxTimeMS = Math.max(...loads.map((load) => load.maxTimeMS));
      const ids = uniqueIds(loads);
      const sharers = loads.flatMap(({ signal, ids: own }) =>
        signal ? [{ signal, share: own.length / ids.length }] : [],
      );
      noteSharers(controller.signal, sharers);
      share(await this.#send(ids, { maxTimeMS, signal: controller.signal }), loads);
    } catch (error) {
      const isDown = error instanceof BulkheadError && error.code === 'PRODUCT_UNAVAILABLE';
      if (loads.length === 1 || isDown) for (const load of loads) load.reject(error);
      // What one load asks must not fail another's.
      else for (const load of loads) if (load.isWanted) await this.#serve([load]);
    }
  }
}

/**
 * Joins the loads by id of operations that run at the same time: what waits while commands of its kind are under way
 * goes with the next one. A load that finds nothing under way is sent at once, so that nobody waits for company.
 *
 * Only loads of the same collection, fields, row filter and comment share a command, and none in a session; each
 * operation keeps its own deadline.
 */
export class JoiningReader implements Reader {
  readonly #reader: Reader;
  readonly #lanes = new Map<string, Lane>();

  /** @param reader sends the commands. It must belong to one product. */
  constructor(reader: Reader) {
    this.#reader = reader;
  }

  find(plan: ReadPlan, scope: CommandScope): Promise<Row[]> {
    return this.#reader.find(plan, scope);
  }

  aggregate(plan: AggregatePlan, scope: CommandScope): Promise<Row[]> {
    return this.#reader.aggregate(plan, scope);
  }

  async load(plan: LoadPlan, scope: CommandScope): Promise<Map<string, Row>> {
    const { signal, maxTimeMS, session } = scope;
    if (session) return this.#reader.load(plan, scope);
    signal?.throwIfAborted();
    let onAbort!: () => void;
    try {
      return await new Promise((resolve, reject) => {
        const load: Load = {
          ids: plan.ids,
          maxTimeMS,
          signal,
          resolve,
          reject,
          isWanted: true,
          onAbandoned: () => {},
        };
        onAbort = () => {
          reject(signal!.reason as Error);
          load.isWanted = false;
          load.onAbandoned();
        };
        signal?.addEventListener('abort', onAbort);
        this.#laneOf(plan, scope.comment).add(load);
      });
    } finally {
      signal?.removeEventListener('abort', onAbort);
    }
  }

  #laneOf({ collection, fields, rows }: LoadPlan, comment: string): Lane {
    const parts = [collection, comment, fields ? fields.join() : '*', rows ? bytesOf(rows) : ''];
    const key = parts.join('\n');
    let lane = this.#lanes.get(key);
    if (!lane) {
      lane = new Lane(
        (ids, limits) => this.#reader.load({ collection, fields, rows, ids }, { comment, ...limits }),
        () => this.#lanes.delete(key),
      );
      this.#lanes.set(key, lane);
    }
    return lane;
  }
}
