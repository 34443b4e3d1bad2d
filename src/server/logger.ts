import { type DestinationStream, type Logger, pino } from 'pino';
import { redact } from '../config/secrets.js';

/**
 * The gateway's log: JSON lines. Headers that carry credentials are cut, and whatever looks like a connection
 * string's password or a token is removed from every message and error, wherever it stands.
 */
export function createLogger(level: string, destination?: DestinationStream): Logger {
  const clean = (error: unknown): unknown => {
    if (!(error instanceof Error)) return error;
    const { code, codeName } = error as Error & { code?: unknown; codeName?: unknown };
    return {
      type: error.name,
      message: redact(error.message),
      stack: redact(error.stack ?? ''),
      ...(code !== undefined && { code }),
      ...(codeName !== undefined && { codeName }),
      ...(error.cause !== undefined && { cause: clean(error.cause) }),
    };
  };
  return pino(
    {
      level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: {
        paths: ['req.headers.authorization', 'req.headers.cookie', '*.password', '*.token', '*.uri'],
        censor: '[redacted]',
      },
      serializers: {
        err: clean,
        req: (request: { id: string; method: string; url: string }) => ({
          id: request.id,
          method: request.method,
          path: request.url.split('?')[0],
        }),
        res: (reply: { statusCode: number }) => ({ status: reply.statusCode }),
      },
      hooks: {
        logMethod(args, method) {
          method.apply(
            this,
            args.map((one: unknown) => (typeof one === 'string' ? redact(one) : one)) as typeof args,
          );
        },
      },
    },
    destination ?? pino.destination({ fd: 1, sync: false }),
  );
}
