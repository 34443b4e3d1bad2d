/** An operation that has a part in a command which several have sent together. */
export interface Sharer {
  readonly signal: AbortSignal;
  /** Of the answer; what two of them asked for, each gets for itself. */
  readonly share: number;
}

const bySignal = new WeakMap<AbortSignal, readonly Sharer[]>();

/** Notes for whom a command is sent with this signal. */
export const noteSharers = (signal: AbortSignal, sharers: readonly Sharer[]): void =>
  void bySignal.set(signal, sharers);

/** For whom a command was sent, by its signal; undefined where that is an operation's own. */
export const sharersOf = (signal: AbortSignal): readonly Sharer[] | undefined => bySignal.get(signal);
