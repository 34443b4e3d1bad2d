import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Recorder } from '../../src/monitor/recorder.js';

/** What recorders of several products hold, in MB, when they have seen so many shapes in all. */
export function recorderMemory(products: number, shapes: number): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const before = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const recorders = Array.from({ length: products }, (_, product) => {
    const recorder = new Recorder();
    for (let n = 0; n < shapes / products; n += 1) {
      const filter = { status: 'PUBLISHED', [`field${n}x`]: { $gt: n }, author: { $in: [1, 2] } };
      const command = {
        find: `collection${n % 10}`,
        filter,
        sort: { publishedAt: -1 },
        projection: { title: 1, body: 1 },
      };
      const comment = `bulkhead:product${product}:Operation${n % 50}:Query.field${n}`;
      recorder.command({ name: 'find', command: { ...command, comment } })?.({ ms: 1, documents: 1 });
    }
    return recorder;
  });
  collect();
  const after = process.memoryUsage().heapUsed + process.memoryUsage().arrayBuffers;
  const kept = recorders.reduce((sum, recorder) => sum + recorder.drain().commands.length, 0);
  if (kept !== shapes) throw new Error(`Expected ${shapes} rows, got ${kept}.`);
  return Math.round(((after - before) / 1e6) * 100) / 100;
}
