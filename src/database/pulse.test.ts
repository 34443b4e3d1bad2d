import { mongo } from 'mongoose';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startScratch } from './embedded/scratch.js';
import type { EmbeddedServer } from './embedded/supervisor.js';
import { Pulse } from './pulse.js';

const PATIENCE_MS = 5_000;
const NOT_WRITABLE_PRIMARY = 10_107;
const appName = `pulse-${new mongo.ObjectId().toHexString()}`;
// Fail points hold for a whole server, so these tests have one of their own.
let server: EmbeddedServer;
let uri: string;
let admin: mongo.MongoClient;
let pulse: Pulse;

beforeAll(async () => {
  server = await startScratch({ extraArgs: ['--setParameter', 'enableTestCommands=1'] });
  ({ uri } = server);
  admin = await new mongo.MongoClient(uri).connect();
  pulse = new Pulse({ uri, appName, database: appName }, PATIENCE_MS);
});
afterAll(async () => {
  await pulse.close();
  await admin.close();
  await server.stop();
});

/** Lets so many finds of the pulse meet a server that has just stepped down. */
const steppedDown = (times: number) =>
  admin.db('admin').command({
    configureFailPoint: 'failCommand',
    mode: times > 0 ? { times } : 'off',
    data: { appName: `${appName}:pulse`, failCommands: ['find'], errorCode: NOT_WRITABLE_PRIMARY },
  });

describe('a beat', () => {
  it('that meets a primary stepping down is sent once more within its patience', async () => {
    await steppedDown(1);
    expect(await pulse.beat('anything')).toBeNull();
  });

  it('that meets two is not answered', async () => {
    await steppedDown(2);
    await expect(pulse.beat('anything')).rejects.toMatchObject({ code: NOT_WRITABLE_PRIMARY });
    await steppedDown(0);
    expect(await pulse.beat('anything')).toBeNull();
  });

  it('of a credential that may not read answers, and says that it could not', async () => {
    const user = { createUser: appName, pwd: 'pw', roles: [] };
    await admin.db(appName).command(user);
    const own = new URL(uri);
    [own.username, own.password, own.pathname] = [appName, 'pw', `/${appName}`];
    own.searchParams.set('authSource', appName);
    const blind = new Pulse({ uri: own.href, appName, database: appName }, PATIENCE_MS);
    expect(await blind.beat('anything')).toBeUndefined();
    await blind.close();
    await admin.db(appName).command({ dropUser: appName });
  });
});
