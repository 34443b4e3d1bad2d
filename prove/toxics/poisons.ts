import type { Toxiproxy } from './toxiproxy.js';

/** One toxic as toxiproxy's API takes it. `downstream` is what the database answers. */
export interface Toxic {
  readonly type: string;
  readonly name: string;
  readonly stream: 'upstream' | 'downstream';
  readonly attributes: Readonly<Record<string, number>>;
}

const answers = (type: string, attributes: Readonly<Record<string, number>>): Toxic => ({
  type,
  name: type,
  stream: 'downstream',
  attributes,
});

/** What is done to a database's connections, by the name of its figures. */
export const POISONS: Readonly<Record<string, (proxy: Toxiproxy) => Promise<void>>> = {
  latency: (proxy) => proxy.poison([answers('latency', { latency: 2_000, jitter: 1_000 })]),
  /** In KB/s, of each connection. */
  bandwidth: (proxy) => proxy.poison([answers('bandwidth', { rate: 4 })]),
  // An end that comes late is noticed where something ends: in the middle of an answer, of which the rest never comes.
  slowClose: (proxy) =>
    proxy.poison([answers('limit_data', { bytes: 16_384 }), answers('slow_close', { delay: 3_000 })]),
  // 0: nothing passes, and nothing ends.
  timeout: (proxy) =>
    proxy.poison(
      (['upstream', 'downstream'] as const).map((stream) => ({
        ...answers('timeout', { timeout: 0 }),
        name: `timeout ${stream}`,
        stream,
      })),
    ),
  resetPeer: (proxy) => proxy.poison([answers('reset_peer', { timeout: 100 })]),
  /** Bytes, and microseconds between the slices. */
  slicer: (proxy) =>
    proxy.poison([answers('slicer', { average_size: 32, size_variation: 16, delay: 2_000 })]),
  limitData: (proxy) => proxy.poison([answers('limit_data', { bytes: 8_192 })]),
  disabled: (proxy) => proxy.disable(),
};
