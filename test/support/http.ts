import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Answer } from './gateway.js';

/** Sends what a well-behaved client would not, and reads the answer; a body that is no JSON comes as text. */
export async function send(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, init);
  const text = await response.text();
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // Text, then.
  }
  return { status: response.status, headers: response.headers, body };
}

/** A POST of JSON; a string is sent as it is. */
export const json = (body: unknown, headers: Record<string, string> = {}): RequestInit => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', ...headers },
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

/** Sends bytes and reads until the server closes the connection. @returns the answer, without an interim one. */
export async function sendBytes(address: string, bytes: string): Promise<{ status: number; body: string }> {
  const { hostname, port } = new URL(address);
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  socket.write(bytes);
  await once(socket, 'close');
  const answer = text.replace(/^HTTP\/1\.1 100 [^]*?\r\n\r\n/, '');
  return { status: Number(answer.split(' ')[1]), body: answer.slice(answer.indexOf('\r\n\r\n') + 4) };
}

/** What became of bytes that were sent piece by piece. */
export interface SentPieces {
  readonly status: number;
  readonly body: string;
  readonly ms: number;
}

/** Sends a head and then a piece again and again, with a pause between, until the server closes the connection. */
export async function sendPieces(
  address: string,
  head: string,
  piece: string | Buffer,
  { pauseMs = 0, most = Infinity }: { pauseMs?: number; most?: number } = {},
): Promise<SentPieces> {
  const { hostname, port } = new URL(address);
  const startedAt = performance.now();
  const socket = connect(Number(port), hostname);
  let text = '';
  socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  // The server may be gone before the last piece is: that is told by what it answered.
  socket.on('error', () => {});
  const closed = new Promise<void>((resolve) => void socket.once('close', () => resolve()));
  socket.write(head);
  for (let sent = 0; sent < most && !socket.destroyed && socket.bytesRead === 0; sent += 1) {
    if (!socket.write(piece)) await Promise.race([once(socket, 'drain').catch(() => {}), closed]);
    if (pauseMs > 0) await Promise.race([sleep(pauseMs), closed]);
  }
  await closed;
  return {
    status: Number(text.split(' ')[1]),
    body: text.slice(text.indexOf('\r\n\r\n') + 4),
    ms: performance.now() - startedAt,
  };
}
