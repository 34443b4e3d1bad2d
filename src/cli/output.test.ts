import { expect, test, vi } from 'vitest';
import { Interrupted } from './interruption.js';
import { reportFailure } from './output.js';

test('what was interrupted says so in a line, and is no finding', () => {
  const write = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const code = reportFailure(new Interrupted('SIGINT'), false);
  const told = write.mock.calls.map(([text]) => String(text)).join('');
  write.mockRestore();
  expect([code, told]).toEqual([3, expect.stringMatching(/^\S*error\S* interrupted: SIGINT\n$/)]);
});
