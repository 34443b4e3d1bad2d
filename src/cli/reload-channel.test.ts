import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { StartError } from '../errors/bulkhead-error.js';
import { askToReload, listenForReload } from './reload-channel.js';

test('a gateway that breaks off keeps nobody from asking the next, and says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-channel-'));
  mkdirSync(join(folder, 'gateways'));
  const broken = createServer((socket) => socket.end('{"ok":tr'));
  broken.listen(join(folder, 'gateways', '1.sock'));
  await once(broken, 'listening');
  const stop = await listenForReload(folder, async () => ({ ok: false, problems: ['asked'] }));
  try {
    const answers = await askToReload(folder);
    expect(answers.get(1)).toEqual({ ok: false, unheard: true, problems: [expect.any(String)] });
    expect(answers.get(process.pid)).toEqual({ ok: false, problems: ['asked'] });
  } finally {
    stop();
    broken.close();
    rmSync(folder, { recursive: true, force: true });
  }
});

test('a folder that cannot be read is a mistake of the surroundings', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'bulkhead-channel-'));
  writeFileSync(join(folder, 'gateways'), '');
  try {
    await expect(askToReload(folder)).rejects.toBeInstanceOf(StartError);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
