import { describe, expect, it } from 'vitest';
import { createLogger } from '../server/telemetry/logger.js';
import { readableLine } from './log-lines.js';

const logged = (write: (log: ReturnType<typeof createLogger>) => void): string => {
  let text = '';
  write(createLogger('info', { write: (line) => void (text += readableLine(line)) }));
  return text;
};

describe('readableLine', () => {
  it('says when and what, and the facts behind it', () => {
    const text = logged((log) =>
      log.warn({ product: 'shop', state: 'parked', reason: '' }, 'shop is parked'),
    );
    expect(text).toMatch(/^\d\d:\d\d:\d\d warn shop is parked product=shop state=parked\n$/);
  });

  it('says a request in one line, with its id', () => {
    const req = { id: 'r-1', method: 'POST', routeOptions: { url: '/graphql' } };
    const text = logged((log) =>
      log.child({ reqId: 'r-1' }).info({ req, res: { statusCode: 200 }, ms: 4.2 }, 'request'),
    );
    expect(text).toMatch(/^\d\d:\d\d:\d\d POST \/graphql 200 4.2 ms r-1\n$/);
  });

  it('shows where an error came from, redacted as in the log', () => {
    const text = logged((log) =>
      log.error({ err: new Error('no route to mongodb://u:hunter2@db/shop') }, 'failed'),
    );
    expect(text).toContain('error failed Error: no route to mongodb://db/shop\n    at ');
    expect(text).not.toContain('hunter2');
  });

  it('leaves what is no log line as it is', () => {
    expect(readableLine('(node:1) Warning: something\n')).toBe('(node:1) Warning: something\n');
  });
});
