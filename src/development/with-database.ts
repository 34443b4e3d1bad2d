import { mongo } from 'mongoose';
import { databaseOf } from '../database/connection.js';

const SELECTION_MS = 5_000;

/** Opens a server for a command and closes it afterwards. @throws the driver's error when it cannot be reached. */
export async function withClient<T>(
  uri: string,
  appName: string,
  work: (client: mongo.MongoClient) => Promise<T>,
): Promise<T> {
  const client = new mongo.MongoClient(uri, {
    appName: `bulkhead:${appName}`,
    connectTimeoutMS: SELECTION_MS,
    // The driver's own patience is half a minute; a connection string may ask for another.
    ...(!/[?&]serverSelectionTimeoutMS=/i.test(uri) && { serverSelectionTimeoutMS: SELECTION_MS }),
  });
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.close();
  }
}

/** Opens a product's database for a command and closes it afterwards. */
export const withDatabase = <T>(
  uri: string,
  product: string,
  work: (db: mongo.Db) => Promise<T>,
): Promise<T> => withClient(uri, `${product}:command`, (client) => work(client.db(databaseOf(uri, product))));
