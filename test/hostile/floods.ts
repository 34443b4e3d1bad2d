import { sendPieces, type SentPieces } from '../support/http.js';
import { type Attack, group } from './attack.js';

const HEAD =
  'POST /graphql/edge HTTP/1.1\r\nhost: localhost\r\naccept: application/graphql-response+json\r\n';
const JSON_TYPE = 'content-type: application/json\r\n';
const CHUNKED = 'transfer-encoding: chunked\r\n';
const TOO_LATE = '408 BAD_REQUEST';
const TRICKLE = { pauseMs: 20 };

const answerOf = ({ status, body }: SentPieces) => ({
  status,
  body: JSON.parse(body || '{}') as unknown,
});

const slow = group('requests that trickle in');
for (const [name, head, piece] of [
  ['a body, byte by byte', `${HEAD}${JSON_TYPE}content-length: 1000000\r\n\r\n{"query":"`, ' '],
  ['a body in chunks of one byte', `${HEAD}${JSON_TYPE}${CHUNKED}\r\n`, '1\r\n \r\n'],
  ['headers, one after the other', HEAD, 'x: y\r\n'],
  ['a line that never ends', 'POST /graphql/edge', '/'],
] as const)
  slow.add(name, TOO_LATE, async ({ hasty }) =>
    answerOf(await sendPieces(hasty.address, head, piece, TRICKLE)),
  );
slow.add('a connection, and then nothing', TOO_LATE, async ({ hasty }) =>
  answerOf(await sendPieces(hasty.address, '', '', { most: 0 })),
);
slow.add('half a body, and then nothing', TOO_LATE, async ({ hasty }) =>
  answerOf(
    await sendPieces(hasty.address, `${HEAD}${JSON_TYPE}content-length: 100\r\n\r\n`, '{', { most: 1 }),
  ),
);

const PIECE = Buffer.alloc(64 * 1024, ' ');
const SIZE = 100 * 1024 * 1024;

/** Sends 100 MB for as long as somebody takes them, with the length announced or in chunks. */
export const flood = (address: string, announced: boolean): Promise<SentPieces> =>
  sendPieces(
    address,
    `${HEAD}${JSON_TYPE}${announced ? `content-length: ${SIZE}\r\n` : CHUNKED}\r\n`,
    announced
      ? PIECE
      : Buffer.concat([Buffer.from(`${PIECE.length.toString(16)}\r\n`), PIECE, Buffer.from('\r\n')]),
    { most: SIZE / PIECE.length },
  );

const floods = group('bodies of 100 MB, sent');
for (const announced of [true, false])
  floods.add(announced ? 'announced' : 'in chunks', '413 PAYLOAD_TOO_LARGE', async ({ gateway }) =>
    answerOf(await flood(gateway.address, announced)),
  );

/** Requests that take their time. */
export const slowAttacks: readonly Attack[] = slow.attacks;
/** Requests that do not end. */
export const floodAttacks: readonly Attack[] = floods.attacks;
