import type { WriteTurn } from '../database/write-turn.js';

/** What one call into the ledger brings along, whatever it does. */
export interface CallOptions {
  /** Who does it, from the token: `viewer.principal`. Idempotency keys are this principal's own. */
  readonly actor: string;
  /** Carried by every command, so that a slow one names its operation. */
  readonly comment: string;
  /** When the answer must be there, in milliseconds since the epoch. */
  readonly deadline: number;
  /** Ends the call early: the client has gone. */
  readonly signal?: AbortSignal;
  /** When the call may write, beside the product's other writes. Default: at once. */
  readonly turn?: WriteTurn;
}
