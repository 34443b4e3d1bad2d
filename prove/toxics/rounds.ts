import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { ProvedGateway } from '../support/gateway.js';
import { POISONS } from './poisons.js';
import type { Toxiproxy } from './toxiproxy.js';
import type { Traffic } from './traffic.js';

/** Before the proxy is replaced, what was asked is answered; before a toxic is added, connections are there. */
const PAUSE_MS = 1_000;
const GIVEN_UP_MS = 30_000;
/** For so long the blog is watched after a toxic was removed: longer than it may take to be whole again. */
const AFTER_MS = 7_000;
/** What answers to requests that were sent after a phase are marked with. */
export const after = (phase: string): string => `after ${phase}`;
export const isAfter = (phase: string): boolean => phase.startsWith('after ');

/** One toxic and what came of it. */
export interface Round {
  readonly toxic: string;
  /** What answers to requests that were sent meanwhile are marked with. */
  readonly phase: string;
  /** When it was removed, by the process's clock. */
  readonly removedAt: number;
  /** From then until the circuit was closed and a read was answered. */
  readonly backMs: number;
  /** Connections that were opened to the server meanwhile. */
  readonly opened: number;
}

export interface Stage {
  readonly admin: mongo.MongoClient;
  readonly proxy: Toxiproxy;
  readonly gateway: ProvedGateway;
  readonly traffic: Traffic;
}

/** Adds a toxic for some seconds, removes it and waits until the blog is back. */
export async function playRound(
  toxic: string,
  phase: string,
  seconds: number,
  { admin, proxy, gateway, traffic }: Stage,
): Promise<Round> {
  const connections = async (): Promise<number> =>
    Number((await admin.db('admin').command({ serverStatus: 1 }))['connections'].totalCreated);
  const isBack = async () => (await gateway.isReady('blog')) && (await traffic.isAnswered());
  const msUntilBack = async (): Promise<number> => {
    const began = performance.now();
    const passed = () => Math.round(performance.now() - began);
    while (!(await isBack()) && passed() < GIVEN_UP_MS) await sleep(20);
    return passed();
  };
  await sleep(PAUSE_MS);
  await proxy.renew();
  await msUntilBack();
  await sleep(PAUSE_MS);
  const before = await connections();
  await POISONS[toxic]!(proxy);
  traffic.phase = phase;
  await sleep(seconds * 1_000);
  const opened = (await connections()) - before;
  await proxy.heal();
  const removedAt = performance.now();
  traffic.phase = after(phase);
  const backMs = await msUntilBack();
  await sleep(removedAt + AFTER_MS - performance.now());
  traffic.phase = '';
  return { toxic, phase, removedAt, backMs, opened };
}
