import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import type { mongo } from 'mongoose';
import { CONNECTIONS, STRICKEN, type Stricken } from './fleet.js';

const OUT_OF_DISK_SPACE = 14_031;
const NOT_WRITABLE_PRIMARY = 10_107;

/** Begins a fault, and answers how it ends. */
type Begin = (stricken: Stricken) => Promise<() => Promise<unknown>>;

/** Something that happens to the product's reads in the server; the gateway's ping is answered. */
const failPoint =
  (data: mongo.Document): Begin =>
  async ({ admin }) => {
    const fail = (mode: 'off' | 'alwaysOn') =>
      admin.db('admin').command({
        configureFailPoint: 'failCommand',
        mode,
        data: { appName: `bulkhead:${STRICKEN}`, failCommands: ['find', 'aggregate'], ...data },
      });
    await fail('alwaysOn');
    return () => fail('off');
  };

/** Takes whatever connections the server has left, after breaking those of the gateway. */
const takeConnections: Begin = async ({ server, order }) => {
  const taken: Socket[] = [];
  const takeAll = async () => {
    for (let n = 0; n < CONNECTIONS; n += 1) {
      const socket = connect(server.port, '127.0.0.1').on('error', () => {});
      await once(socket, 'connect');
      taken.push(socket);
    }
  };
  await takeAll();
  await order({ does: 'cut' });
  await takeAll();
  return async () => taken.forEach((socket) => socket.destroy());
};

/** What happens to one of eight databases, by the name of its figures. */
export const FAULTS: Readonly<Record<string, Begin>> = {
  Frozen: async ({ server: { pid } }) => {
    process.kill(pid, 'SIGSTOP');
    return async () => process.kill(pid, 'SIGCONT');
  },
  Slow: failPoint({ blockConnection: true, blockTimeMS: 2_000 }),
  Refusing: async ({ order }) => {
    await order({ does: 'become', manner: { is: 'refusing' } });
    return () => order({ does: 'become', manner: { is: 'clear' } });
  },
  OutOfDisk: failPoint({ errorCode: OUT_OF_DISK_SPACE }),
  OutOfConnections: takeConnections,
  FailingPrimary: failPoint({ errorCode: NOT_WRITABLE_PRIMARY }),
};
