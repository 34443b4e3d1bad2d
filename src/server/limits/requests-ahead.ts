import { IncomingMessage, type ServerOptions, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Of each connection, how many requests have been begun whose answer has not left, to its last byte. */
const unanswered = new WeakMap<Socket, number>();

/**
 * What an HTTP server is to be made with so that a connection has no more than so many requests without an answer: the
 * next one ends it, and is not begun. A client may send requests in advance (pipelining), and Node begins all that one
 * read has brought: two thousand in 64 KiB. Answers leave in the order of the requests, so that behind a slow one all of
 * them wait, each of which is kilobytes.
 *
 * @param most default 16.
 */
export function boundRequestsAhead(most = 16): Pick<ServerOptions, 'IncomingMessage' | 'ServerResponse'> {
  class Request extends IncomingMessage {
    declare private isTooMany: boolean;
    declare private isUpgrade: boolean | null;

    constructor(socket: Socket) {
      super(socket);
      this.isTooMany = (unanswered.get(socket) ?? 0) >= most;
      if (this.isTooMany) socket.destroy();
    }

    /**
     * As of a connection that is somebody else's from here on: it is what makes Node stop reading a piece in the middle.
     * To end the connection does not, and of two hundred such pieces the requests alone, with nobody to answer them,
     * were 256 MB.
     */
    get upgrade(): boolean | null {
      return this.isTooMany || this.isUpgrade;
    }

    set upgrade(value: boolean | null) {
      this.isUpgrade = value;
    }
  }

  class Response<Of extends IncomingMessage = IncomingMessage> extends ServerResponse<Of> {
    constructor(...parameters: ConstructorParameters<typeof ServerResponse<Of>>) {
      super(...parameters);
      const { socket } = parameters[0];
      unanswered.set(socket, (unanswered.get(socket) ?? 0) + 1);
      this.once('close', () => unanswered.set(socket, (unanswered.get(socket) ?? 0) - 1));
    }
  }

  return { IncomingMessage: Request, ServerResponse: Response };
}
