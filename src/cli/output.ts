import { inspect, stripVTControlCharacters } from 'node:util';
import { printableLines } from '../config/printable.js';
import { redact } from '../config/secrets.js';
import { isAway } from '../database/driver-errors.js';
import { wordsOfDriverError } from '../database/driver-words.js';
import { BulkheadError, StartError } from '../errors/bulkhead-error.js';
import { Interrupted } from './interruption.js';

/** Exit codes of every command. */
export const EXIT = { fine: 0, findings: 1, usage: 2, unavailable: 3 } as const;

/** Options of every command. */
export interface CommonOptions {
  /** The compiled declaration. */
  readonly config?: string;
  /** Print JSON for programs. */
  readonly json: boolean;
}

/** What to do when a command finds no database. */
export const NOTHING_RUNS =
  'no database runs here. Start one with `npm start` (or `bulkhead dev`), or name yours: MONGODB_URI, or a URI for each product.';

let isHeard = true;

const onUnread = (error: NodeJS.ErrnoException): void => {
  const isFirst = isHeard;
  isHeard = false;
  if (error.code === 'EPIPE' || !isFirst) return;
  process.stderr.write(
    `${paint('red', 'error', process.stderr)} what is printed cannot be written: ${error.message}\n`,
  );
  process.once('exit', () => {
    process.exitCode = EXIT.unavailable;
  });
};

/**
 * Goes on where nobody reads any more what is printed (`| head`), and ends as it would have; where it cannot be written
 * (a full disk), that is said, and the exit code is 3.
 */
export function outliveReaders(): void {
  process.stdout.off('error', onUnread).on('error', onUnread);
}

/** Whether somebody reads what is printed, as far as is known. */
export const isRead = (): boolean => isHeard;

/** What had to be told could not be: nobody reads it, or it cannot be written. */
export class Untold extends Error {
  override readonly name = 'Untold';
}

/** Prints, and waits until it is written. @throws the system's error where nobody takes it. */
export const printNow = (text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    process.stdout.write(text, (error) => (error ? reject(error) : resolve()));
  });

type Style = 'bold' | 'dim' | 'red' | 'green' | 'yellow' | 'cyan';

/** Text in a style on a terminal, as it is elsewhere; `NO_COLOR` is obeyed. */
export function paint(style: Style, text: string, stream: NodeJS.WriteStream = process.stdout): string {
  if (!stream.isTTY || process.env['NO_COLOR']) return text;
  const [on, off] = inspect.colors[style]!;
  return `\u001B[${on}m${text}\u001B[${off}m`;
}

/** A line that is written over on a terminal; elsewhere nothing is shown until the end. */
export function showProgress(text: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001B[2K${text}`);
}

/** Ends a line of progress. */
export function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\u001B[2K');
}

/** How much room a text takes, whatever its style. */
const widthOf = (text: string): number => stripVTControlCharacters(text).length;

/** Rows in columns as wide as their widest cell. @param right columns that are aligned to the right. */
export function table(rows: readonly (readonly string[])[], right: readonly number[] = []): string {
  const widths = rows.reduce<number[]>(
    (most, row) => row.map((cell, column) => Math.max(most[column] ?? 0, widthOf(cell))),
    [],
  );
  const fill = (cell: string, column: number): string => {
    const room = ' '.repeat(widths[column]! - widthOf(cell));
    return right.includes(column) ? room + cell : cell + room;
  };
  return rows.map((row) => row.map(fill).join('  ').trimEnd()).join('\n');
}

/** Whether the system refused a file or a folder: its message says what and where, and no line of ours is to blame. */
const isRefusedFile = (error: unknown): boolean =>
  error instanceof Error && 'syscall' in error && 'path' in error && 'code' in error;

/**
 * Prints what went wrong, without secrets, and answers the exit code.
 *
 * @param facts what programs are told beside it.
 */
export function reportFailure(error: unknown, json: boolean, facts: object = {}): number {
  const problems = error instanceof StartError ? error.problems : [wordsOfDriverError(error)];
  const clean = problems.map(redact);
  if (json && !(error instanceof Untold))
    process.stdout.write(`${JSON.stringify({ ok: false, problems: clean, ...facts })}\n`);
  else
    for (const problem of clean)
      process.stderr.write(`${paint('red', 'error', process.stderr)} ${printableLines(problem)}\n`);
  if (error instanceof StartError || isRefusedFile(error)) return EXIT.usage;
  if (error instanceof Interrupted || error instanceof Untold) return EXIT.unavailable;
  if (error instanceof BulkheadError || isAway(error)) return EXIT.unavailable;
  // Nobody foresaw it, so where it came from is what helps.
  const frames = error instanceof Error ? /^ {4}at .*$/m.exec(error.stack ?? '') : null;
  if (frames && !json) process.stderr.write(`${redact((error as Error).stack!.slice(frames.index))}\n`);
  return EXIT.findings;
}

/** Prints a command's answer: JSON for programs, or lines for people. */
export function print(json: boolean, facts: object, lines: readonly string[]): void {
  process.stdout.write(textOf(json, facts, lines));
}

/** A command's answer as it is printed. */
export const textOf = (json: boolean, facts: object, lines: readonly string[]): string =>
  json ? `${JSON.stringify(facts)}\n` : lines.map((line) => `${printableLines(line)}\n`).join('');
