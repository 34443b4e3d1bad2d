/** Which operation and field sent a command, as its comment says. */
export interface Origin {
  /** The operation's name, or `-` for one without. */
  readonly operation: string;
  /** `Type.field`, or `-`. */
  readonly field: string;
}

const UNKNOWN: Origin = { operation: '-', field: '-' };

/** What the monitor itself sends, which it does not count. */
export const OWN_FIELD = 'monitor';

/** The comment of the monitor's own commands. */
export const ownComment = (product: string): string => `bulkhead:${product}:-:${OWN_FIELD}`;

/** A comment that also names its request: only where the log tells each command. */
export const withRequest = (comment: string, requestId: string): string => `${comment} ${requestId}`;

/** A comment without the request that it may name. */
export function withoutRequest(comment: string): string {
  const at = comment.indexOf(' ');
  return at < 0 ? comment : comment.slice(0, at);
}

/** The request that a comment names. */
export function requestOf(comment: string): string | undefined {
  const at = comment.indexOf(' ');
  return at < 0 ? undefined : comment.slice(at + 1);
}

/** Reads `bulkhead:<product>:<operation or ->:<Type.field>`; anything else says nothing. */
export function originOf(comment: unknown): Origin {
  if (typeof comment !== 'string') return UNKNOWN;
  const [name, , operation, field, ...rest] = withoutRequest(comment).split(':');
  if (name !== 'bulkhead' || !operation || !field || rest.length > 0) return UNKNOWN;
  return { operation: plainName(operation), field };
}

/** What no operation's name has. */
const MARK = '~';
let marked = 0;

/** A name under which the commands of one operation go out, so that they are told from others of the same name. */
export const markedName = (operation: string): string => `${operation}${MARK}${(marked += 1)}`;

/** A marked name as the client gave it. */
export const plainName = (operation: string): string => operation.split(MARK)[0] ?? operation;
