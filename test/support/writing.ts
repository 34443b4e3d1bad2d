import type { SeenCommand, TestGateway } from './gateway.js';

/** Runs work while the database refuses every write to a collection. */
export async function whileRefusing<T>(
  gateway: TestGateway,
  product: string,
  name: string,
  work: () => Promise<T>,
  validator: object = { none: true },
): Promise<T> {
  await gateway.db(product).command({ collMod: name, validator });
  try {
    return await work();
  } finally {
    await gateway.db(product).command({ collMod: name, validator: {} });
  }
}

/** The transaction a command belongs to. */
export const transactionOf = ({ command }: SeenCommand) =>
  command['autocommit'] === false
    ? `${command['lsid'].id.toString('hex')}:${command['txnNumber']}`
    : undefined;
/** Those commands that write. */
export const writes = (commands: readonly SeenCommand[]) =>
  commands.filter(({ name }) => ['insert', 'update', 'delete', 'findAndModify'].includes(name));
