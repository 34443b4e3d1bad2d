import { pipeline, type Readable, Transform } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import { FairBound, type Kept } from './fair-bound.js';
import { siteOf } from './rate-limits.js';

declare module 'fastify' {
  interface FastifyRequest {
    /** Says what its body takes, once it is there. */
    weighBody: ((bytes: number) => void) | null;
  }
}

/** What one byte of gzip or deflate can become. */
const MOST_PER_PACKED_BYTE = 1_032;
/** What keeping a piece costs beside its bytes. A chunk may be one byte long. */
const PIECE_BYTES = 128;

/**
 * Bounds what is kept of bodies until they are answered, of all clients together: a thousand connections may each send
 * all but the last byte of the largest body, and take their time.
 *
 * @param mostBytes past which the client that holds the most loses its oldest connection. Default 64 MiB.
 */
export function boundArrivingBodies(app: FastifyInstance, mostBytes = 64 * 1024 * 1024): void {
  const arriving = new FairBound(mostBytes);
  app.decorateRequest('weighBody', null);
  app.addHook('preParsing', (request, { raw }, payload, done) => {
    const { headers, routeOptions, ip } = request;
    const length = headers['content-length'];
    if (length === undefined && headers['transfer-encoding'] === undefined) {
      done(null, payload);
      return;
    }
    const most = routeOptions.bodyLimit ?? Infinity;
    const perByte = headers['content-encoding'] === undefined ? 1 : MOST_PER_PACKED_BYTE;
    const amountOf = (bytes: number, pieces = 0) => Math.min(bytes * perByte, most) + pieces * PIECE_BYTES;
    const kept: Kept = {
      amount: amountOf(Number(length ?? 0)),
      client: siteOf(ip),
      socket: request.raw.socket,
    };
    arriving.add(kept);
    request.weighBody = (bytes) => arriving.resize(kept, bytes);
    raw.once('close', () => arriving.forget(kept));
    const body =
      length === undefined
        ? counted(payload, (bytes, pieces) => arriving.resize(kept, amountOf(bytes, pieces)))
        : payload;
    done(null, body);
  });
}

/** The same bytes; how many and in how many pieces is told before each is handed on. */
function counted(payload: Readable, tell: (bytes: number, pieces: number) => void): Readable {
  let bytes = 0;
  let pieces = 0;
  const through = new Transform({
    transform(piece: Buffer, _encoding, done) {
      bytes += piece.length;
      pieces += 1;
      tell(bytes, pieces);
      done(null, piece);
    },
  });
  // Whoever reads it hears of its errors.
  pipeline(payload, through, () => {});
  return through;
}
