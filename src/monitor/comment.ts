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

/** What a comment can say beside its origin: the request, where the log tells each command; the span, where it is traced. */
export type CommentTail = 'request' | 'span';

/** A comment with something more to say. */
export const withTail = (comment: string, tail: CommentTail, value: string): string =>
  `${comment} ${tail}=${value}`;

/** A comment without its tails. */
export function withoutTail(comment: string): string {
  const at = comment.indexOf(' ');
  return at < 0 ? comment : comment.slice(0, at);
}

/** What a comment's tail says. */
export function tailOf(comment: string, tail: CommentTail): string | undefined {
  const sign = ` ${tail}=`;
  const at = comment.indexOf(sign);
  if (at < 0) return undefined;
  const end = comment.indexOf(' ', at + sign.length);
  return comment.slice(at + sign.length, end < 0 ? undefined : end);
}

/** Reads `bulkhead:<product>:<operation or ->:<Type.field>`; anything else says nothing. */
export function originOf(comment: unknown): Origin {
  if (typeof comment !== 'string') return UNKNOWN;
  const [name, , operation, field, ...rest] = withoutTail(comment).split(':');
  if (name !== 'bulkhead' || !operation || !field || rest.length > 0) return UNKNOWN;
  return { operation: plainName(operation), field };
}

/** What no operation's name has. */
const MARK = '~';
let marked = 0;

/** A name under which the commands of one operation go out, so that they are told from others of the same name. */
export const markedName = (operation: string): string => `${operation}${MARK}${(marked += 1)}`;

/** A marked name as the client gave it. */
export function plainName(operation: string): string {
  const at = operation.indexOf(MARK);
  return at < 0 ? operation : operation.slice(0, at);
}
