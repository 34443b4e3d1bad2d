import { type DestinationStream, type Logger, pino } from 'pino';
import { LogFile } from './log-file.js';
import { cleanForLog } from './log-redaction.js';

/**
 * The gateway's log: JSON lines. Whatever looks like a connection string's credentials or a token is removed from
 * every line, wherever in it it stands, and so is every value under a key that names a secret.
 *
 * @param destination Default: standard output.
 */
export function createLogger(level: string, destination: DestinationStream = new LogFile(1)): Logger {
  const cleanFacts = (facts: object) => cleanForLog(facts) as Record<string, unknown>;
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { log: cleanFacts, bindings: cleanFacts },
      serializers: {
        // A path that leads nowhere is the caller's own words: a token may have been pasted there.
        req: (request: { id: string; method: string; routeOptions?: { url?: string | undefined } }) => ({
          id: request.id,
          method: request.method,
          path: request.routeOptions?.url ?? '-',
        }),
        res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
        // Cleaned already: pino's own would read the error again.
        err: (error: unknown) => error,
      },
      hooks: {
        logMethod(args, method) {
          method.apply(
            this,
            args.map((one: unknown) => (typeof one === 'object' ? one : cleanForLog(one))) as typeof args,
          );
        },
      },
    },
    destination,
  );
}
