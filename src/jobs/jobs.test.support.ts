import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A webhook's other end: a real server that remembers what it was sent. */
export class Receiver {
  readonly received: { readonly kind: string; readonly text: string; readonly [key: string]: unknown }[] = [];
  /** What it answers; `hang` never does. */
  answers: (number | 'hang')[] = [];
  tries = 0;
  authorization: string | undefined;
  #server: Server;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.tries += 1;
      this.authorization = request.headers.authorization;
      void textOf(request).then((text) => {
        const answer = this.answers.shift() ?? 200;
        if (answer === 'hang') return;
        if (answer === 200) this.received.push(JSON.parse(text) as (typeof this.received)[number]);
        response.writeHead(answer, answer === 302 ? { location: '/elsewhere' } : {}).end('ok');
      });
    });
  }

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    await new Promise<void>((resolve) => receiver.#server.listen(0, '127.0.0.1', resolve));
    return receiver;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/hooks/T0P53CR3T`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of request) text += String(chunk);
  return text;
}
