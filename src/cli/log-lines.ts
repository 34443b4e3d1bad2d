import type { DestinationStream } from 'pino';
import { paint } from './output.js';

const STYLES = { 30: 'dim', 40: 'yellow', 50: 'red', 60: 'red' } as const;
const NAMES: Readonly<Record<number, string>> = { 40: 'warn ', 50: 'error ', 60: 'fatal ' };

interface Line {
  readonly level: number;
  readonly time: string;
  readonly msg?: string;
  readonly req?: { readonly method: string; readonly path: string };
  readonly res?: { readonly status: number };
  readonly ms?: number;
  readonly reqId?: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
  readonly [name: string]: unknown;
}

/** One line of the log for a person's eyes; a line that is no JSON stays as it is. */
export function readableLine(text: string): string {
  let line: Line;
  try {
    line = JSON.parse(text) as Line;
  } catch {
    return text;
  }
  const { level, time, msg, req, res, ms, reqId, err, hostname: _, pid: __, ...rest } = line;
  const clock = time.slice(11, 19);
  const style = STYLES[level as keyof typeof STYLES] ?? 'dim';
  const facts = Object.entries(rest)
    .filter(([, value]) => value !== '' && value !== undefined)
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const what =
    req && res
      ? [req.method, req.path, res.status, `${ms} ms`, paint('dim', reqId ?? '')]
      : [
          msg ?? '',
          ...facts.map((fact) => paint('dim', fact)),
          ...(err ? [err.stack ?? err.message ?? ''] : []),
        ];
  return `${paint('dim', clock)} ${paint(style, NAMES[level] ?? '')}${what.filter((one) => one !== '').join(' ')}\n`;
}

/** A destination for the log that people read: a terminal in development. Elsewhere the log stays JSON lines. */
export const readableLog = (stream: NodeJS.WriteStream): DestinationStream => {
  // A terminal that is gone: its signal ends the process in good order.
  stream.on('error', () => {});
  return { write: (text) => void stream.write(readableLine(text)) };
};
