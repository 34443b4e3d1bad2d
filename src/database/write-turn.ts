/**
 * Runs work that writes when its turn has come: writes that wait for a majority of the servers would hold every
 * connection, and reads would wait behind them. The turn is given back when the work has settled, whoever waited for
 * it. Rejects with the signal's reason when that is aborted first.
 */
export type WriteTurn = <T>(work: () => Promise<T>, signal?: AbortSignal) => Promise<T>;

/** For work that is part of another's turn, and for a client without neighbours. */
export const noTurn: WriteTurn = (work) => work();
