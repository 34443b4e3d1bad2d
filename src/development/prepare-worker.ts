import { once } from 'node:events';
import { parentPort, workerData } from 'node:worker_threads';
import { wordsOfDriverError } from '../database/driver-words.js';
import { StartError, UsageError } from '../errors/bulkhead-error.js';
import { loadProject } from '../server/load-project.js';
import { sampleOperation } from '../server/page/sample-operation.js';
import { prepareDatabases } from './prepare-database.js';
import type { PrepareOrder, PrepareWorkerData, WorkerMessage } from './prepare-messages.js';

/**
 * Runs in a thread of its own: it loads the project afresh each time (modules cannot be loaded twice in one thread),
 * ends with it whatever it is doing when the thread is terminated, and keeps signals answered while sample data is made.
 */
const port = parentPort!;
const tell = (message: WorkerMessage) => port.postMessage(message);

async function main({ products, config }: PrepareWorkerData): Promise<void> {
  const { environment, runtimes } = await loadProject({ products, ...(config !== undefined && { config }) });
  const chosen = [...runtimes.values()];
  tell({
    kind: 'described',
    description: {
      environment,
      products: chosen.map(({ name, graph }) => ({ name, sampleOperation: sampleOperation(graph.schema) })),
    },
  });
  const [{ adminUri }] = (await once(port, 'message')) as [PrepareOrder];
  const lacking = chosen.filter(({ name }) => environment.products[name]?.uri === undefined);
  const uris = await prepareDatabases(adminUri, lacking, environment, {
    onStep: (text) => tell({ kind: 'step', text }),
    onProgress: (product, progress) => tell({ kind: 'progress', product, progress }),
  });
  tell({ kind: 'prepared', uris });
}

try {
  await main(workerData as PrepareWorkerData);
} catch (error) {
  if (error instanceof StartError) {
    tell({ kind: 'problems', isUsage: error instanceof UsageError, problems: error.problems });
  } else {
    const name = error instanceof Error ? error.name : 'Error';
    tell({ kind: 'failed', name, message: wordsOfDriverError(error) });
  }
}
port.close();
