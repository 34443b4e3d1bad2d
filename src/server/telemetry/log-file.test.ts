import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readFileSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { LogFile } from './log-file.js';

const cleanUps: (() => void)[] = [];
afterEach(() => {
  for (const cleanUp of cleanUps.splice(0).reverse()) cleanUp();
});

const open = (path: string, flags: number | string): number => {
  const fd = openSync(path, flags);
  cleanUps.push(() => closeSync(fd));
  return fd;
};
const logTo = (fd: number, backlogBytes: number): LogFile => {
  const file = new LogFile(fd, { backlogBytes, retryMs: 10 });
  cleanUps.push(() => file.close());
  return file;
};
const folder = (): string => {
  const path = mkdtempSync(join(tmpdir(), 'bulkhead-log-'));
  cleanUps.push(() => rmSync(path, { recursive: true }));
  return path;
};
const lineOf = (n: number) => `${JSON.stringify({ n, text: 'x'.repeat(200) })}\n`;

test('lines arrive whole and in order', async () => {
  const path = join(folder(), 'log');
  const file = logTo(open(path, 'w'), 1024 * 1024);
  const lines = Array.from({ length: 2_000 }, (_, n) => lineOf(n));
  for (const line of lines) file.write(line);
  while (readFileSync(path, 'utf8').length < lines.join('').length) await sleep(5);
  expect(readFileSync(path, 'utf8')).toBe(lines.join(''));
  expect(file.lost).toBe(0);
});

test('a reader that does not read costs lines, which are counted, and told as soon as it reads again', async () => {
  const path = join(folder(), 'fifo');
  execFileSync('mkfifo', [path]);
  // Both ends, so that opening it waits for nobody.
  const fd = open(path, constants.O_RDWR | constants.O_NONBLOCK);
  const file = logTo(fd, 100_000);
  for (let n = 0; n < 3_000; n += 1) {
    file.write(lineOf(n));
    if (n % 100 === 0) await sleep(2);
  }
  expect(file.lost).toBeGreaterThan(1_000);

  let text = '';
  const read = async (until: string) => {
    const buffer = Buffer.alloc(64 * 1024);
    while (!text.includes(until))
      try {
        text += buffer.toString('utf8', 0, readSync(fd, buffer));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
        await sleep(5);
      }
  };
  await read('lines are lost');
  file.write(lineOf(5_000));
  await read('"n":5000');
  const lines = text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as { n?: number; lost?: number; why?: string });
  const written = lines.flatMap(({ n }) => (n === undefined ? [] : [n]));
  expect(written).toEqual([...Array.from({ length: 3_000 - file.lost }, (_, n) => n), 5_000]);
  expect(lines.filter(({ lost }) => lost !== undefined)).toEqual([
    expect.objectContaining({ level: 40, lost: file.lost, why: 'EAGAIN' }),
  ]);
});

test('a full disk fails nobody, and memory stays within the bound', async () => {
  const file = logTo(open('/dev/full', 'w'), 50_000);
  for (let n = 0; n < 1_000; n += 1) file.write(lineOf(n));
  await sleep(50);
  file.write(lineOf(1_000));
  expect(file.lost).toBeGreaterThan(700);
});
