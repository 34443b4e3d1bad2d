import type { CommandListener, SentCommand } from '../database/observed-connection.js';

/** Somebody who looks on at what happens in a product. It must not throw, and is called for every operation. */
export interface ProductWatcher {
  /** A command is about to be sent. @returns what to call when it has ended. */
  command?(sent: SentCommand): ReturnType<CommandListener>;
  /** An operation has ended. */
  operation?(name: string, ms: number, hasFailed: boolean): void;
  /** In an operation that has ended a field has sent so many commands, one for each of its parents. */
  unbatched?(operation: string, field: string, commands: number): void;
}

/** Lets all who watch at the time hear each command. */
export const heardBy =
  (watchers: readonly ProductWatcher[]): CommandListener =>
  (sent) => {
    // In production there is one, for every command.
    if (watchers.length === 1) return watchers[0]!.command?.(sent);
    const ends = watchers.flatMap((watcher) => watcher.command?.(sent) ?? []);
    return (outcome) => {
      for (const ended of ends) ended(outcome);
    };
  };
