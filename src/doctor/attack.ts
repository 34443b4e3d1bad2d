import { mongo } from 'mongoose';
import { databaseOf } from '../database/connection.js';
import { collectionOf } from '../database/schema.js';
import { withDatabase } from '../development/with-database.js';
import { credentialOf, uriFor } from '../product/credential-uris.js';
import { Findings, type Check } from './check.js';
import type { Patient } from './examine.js';

/** The ways a server says no: unauthorized, authentication failed, and a hosted server's own word for both. */
const REFUSALS = new Set<unknown>([13, 18, 8000]);

/**
 * Tries each credential of a product on every other product's database, where that database is: reads, and updates
 * that match nothing, on each declared collection. Nothing is ever inserted or changed. Every try must be refused.
 */
export async function attack(attacker: Patient, victims: readonly Patient[]): Promise<readonly Check[]> {
  const findings = new Findings(attacker.name);
  let refusals = 0;
  for (const [role, uri] of [
    ['serve', attacker.uri],
    ['ops', attacker.opsUri],
  ] as const) {
    const credential = uri && credentialOf(uri);
    if (uri && !credential)
      findings.add('attack', 'finding', `${role}: the connection string names no user`, remedyFor(attacker));
    if (!credential) continue;
    for (const victim of victims) {
      const target = victim.uri ?? victim.opsUri;
      if (!target) continue;
      const database = databaseOf(target, victim.name);
      const asAttacker = uriFor(target, database, credential, credential.authSource);
      refusals += await tryAll(findings, `${role} on ${victim.name}`, asAttacker, victim, attacker);
    }
  }
  findings.settle('attack', `${refusals} attempts on other products, all refused`);
  return findings.list;
}

const remedyFor = ({ name }: Patient) =>
  `Run \`bulkhead provision ${name}\`, and use the credentials it makes.`;

async function tryAll(
  findings: Findings,
  what: string,
  uri: string,
  victim: Patient,
  attacker: Patient,
): Promise<number> {
  let refusals = 0;
  const attempt = async (how: string, work: () => Promise<unknown>) => {
    try {
      await work();
      findings.add('attack', 'finding', `${what}: ${how} was answered`, remedyFor(attacker));
    } catch (error) {
      if (!isRefusal(error)) throw error;
      refusals += 1;
    }
  };
  try {
    await withDatabase(uri, victim.name, async (db) => {
      for (const collection of new Set(victim.classes.map(collectionOf))) {
        const stored = db.collection(collection);
        await attempt(`a read of ${collection}`, () => stored.findOne({}, { projection: { _id: 1 } }));
        // A new identity matches nothing, so that even an attack that is answered changes nothing.
        const nothing = { _id: new mongo.ObjectId() };
        await attempt(`an update of ${collection}`, () =>
          stored.updateOne(nothing, { $set: { updatedAt: new Date() } }, { upsert: false }),
        );
      }
    });
  } catch (error) {
    // Another server does not even let the user in.
    if (isRefusal(error)) return refusals + 1;
    findings.add('attack', 'unreachable', `${what}: its database could not be asked`);
  }
  return refusals;
}

const isRefusal = (error: unknown): boolean =>
  error instanceof mongo.MongoServerError && REFUSALS.has(error.code);
