import type { IncomingHttpHeaders } from 'node:http';
import type { Viewers } from '../auth/authenticator.js';
import type { Batch } from './operations/batch.js';
import type { OperationTrace } from './telemetry/traces.js';

/** What the edge knows of a request before its operation runs. */
export interface RequestScope {
  readonly requestId: string;
  /** The address it comes from, as addresses are counted. */
  readonly network: string;
  readonly viewers: Viewers;
  /** The session token or JWT as it came, for signing out. */
  readonly token: string | undefined;
  /** Counts an attempt to sign in to a product; left out where rates are not limited. */
  readonly admitSignIn?: ((product: string, email: string) => Promise<void>) | undefined;
  /** The client app, `name@version` as it says, or `-`. */
  readonly application: string;
  /** Whether the answer is to say what it cost in a product. */
  readonly wantsCost: (product: string) => boolean;
  /** Aborted when the client closes its connection before the answer. */
  readonly client: AbortSignal;
  /** When its time began, in milliseconds since the epoch: before its operation was looked up. */
  readonly began: number;
  /** The array that the operation came in; left out where it came alone. */
  readonly batch?: Batch;
  /** The headers, for the trace that the request may be a part of. */
  readonly headers: IncomingHttpHeaders;
  /** The operation's trace; left out where nobody records it. */
  readonly trace?: OperationTrace;
  /** Facts for the response's `extensions`: headings, each with response keys. */
  readonly reports: Map<string, string[]>;
}
