import { mongo } from 'mongoose';
import { expect, test, vi } from 'vitest';
import { StartError } from '../errors/bulkhead-error.js';
import { Interrupted } from './interruption.js';
import { isRead, outliveReaders, print, reportFailure } from './output.js';

test('what was interrupted says so in a line, and is no finding', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = reportFailure(new Interrupted('SIGINT'), false);
  const told = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect([code, told]).toEqual([3, expect.stringMatching(/^\S*error\S* interrupted: SIGINT\n$/)]);
});

test('a database that cannot be asked is no fault of ours, in whatever words the driver has it', () => {
  class PoolCleared extends mongo.MongoNetworkError {
    override get name() {
      return 'PoolClearedOnNetworkError';
    }
  }
  const unknown = { syscall: 'querySrv', code: 'ENOTFOUND' };
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const codes = [
    new PoolCleared('it was cleared'),
    Object.assign(new Error('querySrv ENOTFOUND x'), unknown),
  ].map((error) => reportFailure(error, false));
  const told = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect(codes).toEqual([3, 3]);
  expect(told).not.toContain('    at ');
});

test('goes on where nobody reads any more', () => {
  const before = process.stdout.listeners('error');
  outliveReaders();
  const [listener] = process.stdout.listeners('error').filter((one) => !before.includes(one));
  process.stdout.off('error', listener as () => void);
  const isReadNow = isRead();
  listener!(Object.assign(new Error('EPIPE'), { code: 'EPIPE' }));
  expect([isReadNow, isRead()]).toEqual([true, false]);
});

test('names that a database holds give a terminal no orders', () => {
  const written = (stream: NodeJS.WriteStream, act: () => void): string => {
    const write = vi.spyOn(stream, 'write').mockReturnValue(true);
    act();
    const told = write.mock.calls.map(([text]) => String(text)).join('');
    write.mockRestore();
    return told;
  };
  const name = 'posts\u001B]0;x\u0007\u001B[2J';
  const shown = String.raw`posts\u001b]0;x\u0007\u001b[2J`;
  expect(written(process.stdout, () => print(false, {}, [name]))).toBe(`${shown}\n`);
  expect(written(process.stderr, () => void reportFailure(new StartError([name]), false))).toContain(shown);
});
