import { StartError } from '../errors/bulkhead-error.js';

interface Address<T> {
  readonly host: string;
  readonly port: T;
}

/** What to throw where listening failed: for a mistake in the variables, a StartError that names them. */
export function whyNotToListen(
  error: NodeJS.ErrnoException,
  { host, port }: Address<number>,
  variables: Address<string>,
): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new StartError([
        `Port ${port} on ${host} is taken: stop what listens there, or set ${variables.port}.`,
      ]);
    case 'EADDRNOTAVAIL':
      return new StartError([
        `${variables.host}: expected an address of this machine, such as 127.0.0.1 or 0.0.0.0; ${host} is none.`,
      ]);
    case 'EACCES':
      return new StartError([
        `${variables.port}: this user may not listen on port ${port}. Choose one above 1023.`,
      ]);
    default:
      return error;
  }
}
