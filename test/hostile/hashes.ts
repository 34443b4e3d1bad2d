import { createHash, randomBytes } from 'node:crypto';
import { Agent, request } from 'node:http';
import type { TestGateway } from '../support/gateway.js';
import { outcomeOf } from './attack.js';

const AT_ONCE = 40;

/** What a client sends to ask for a query by its hash. */
export const persistedQuery = (text: string) => ({
  persistedQuery: { version: 1, sha256Hash: createHash('sha256').update(text).digest('hex') },
});

/** Asks the product `edge` for queries by hashes that nobody has registered; answers how often what was answered. */
export async function lookUpRandomHashes(gateway: TestGateway, count: number): Promise<Map<string, number>> {
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const url = gateway.url('edge');
  const headers = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
  const ask = () =>
    new Promise<string>((resolve, reject) => {
      const sha256Hash = randomBytes(32).toString('hex');
      request(url, { agent, method: 'POST', headers }, (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
        response.on('end', () =>
          resolve(outcomeOf({ status: response.statusCode!, body: JSON.parse(text) as unknown })),
        );
      })
        .on('error', reject)
        .end(JSON.stringify({ extensions: { persistedQuery: { version: 1, sha256Hash } } }));
    });
  const answers = new Map<string, number>();
  let left = count;
  const worker = async () => {
    while (left > 0) {
      left -= 1;
      const answer = await ask();
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  agent.destroy();
  return answers;
}
