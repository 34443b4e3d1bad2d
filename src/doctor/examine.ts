import { mongo } from 'mongoose';
import type { Environment } from '../config/environment.js';
import { productNames } from '../config/names.js';
import type { ClassType } from '../database/class-type.js';
import { wordsOfDriverError } from '../database/driver-words.js';
import { findDevelopmentServer } from '../development/product-uris.js';
import { withDatabase } from '../development/with-database.js';
import type { Product } from '../product/product.js';
import { type Check, Findings } from './check.js';
import { checkIndexes } from './index-check.js';
import { checkPrivileges } from './privilege-check.js';
import { checkServerVersion } from './versions.js';

/** A product, as the doctor sees it. */
export interface Patient {
  readonly name: string;
  readonly product: Product;
  readonly classes: readonly ClassType[];
  readonly uri: string | undefined;
  readonly opsUri: string | undefined;
  /** The variable that names the server: the product's own, or the one whose server development uses. */
  readonly serverFrom: string;
}

const AUTHENTICATION_FAILED = new Set<unknown>([18, 8000]);

/** Examines one product: its configuration, and its database with each of its credentials. */
export async function examine(patient: Patient, environment: Environment): Promise<readonly Check[]> {
  const findings = new Findings(patient.name);
  checkConfiguration(findings, patient, environment);
  if (patient.uri) {
    await visit(findings, 'serve', patient.uri, patient, async (db) => {
      const startedAt = performance.now();
      await db.command({ ping: 1 });
      const ms = Math.round((performance.now() - startedAt) * 10) / 10;
      findings.settle('connection', `database ${db.databaseName}, answers in ${ms} ms`);
      await checkPrivileges(findings, 'serve', { ...patient, db });
      await checkServer(findings, db, patient, environment.production);
      if (!patient.opsUri)
        await checkIndexes(findings, { product: patient.name, db, classes: patient.classes });
    });
  }
  if (patient.opsUri) {
    await visit(findings, 'ops', patient.opsUri, patient, async (db) => {
      await checkPrivileges(findings, 'ops', { ...patient, db });
      await checkIndexes(findings, { product: patient.name, db, classes: patient.classes });
    });
  }
  const connected = findings.list.some(({ check }) => check === 'indexes');
  if (connected) findings.settle('privileges', 'what is needed, and nothing beyond');
  return findings.list;
}

function checkConfiguration(
  findings: Findings,
  { name, uri, opsUri, serverFrom }: Patient,
  environment: Environment,
): void {
  const { envPrefix } = productNames(name);
  const remedy = `Run \`bulkhead provision ${name}\`, and set the variables it prints.`;
  if (!uri && !opsUri && !environment.production) {
    const message = findDevelopmentServer(environment)
      ? `${serverFrom} names a server on which ${name} has no users yet`
      : 'no database runs here';
    findings.add('connection', 'unreachable', message, 'Run npm start: it makes what is missing.');
    return;
  }
  if (!uri) findings.add('configuration', 'finding', `${envPrefix}_MONGODB_URI is not set`, remedy);
  if (!opsUri) {
    findings.add(
      'configuration',
      'note',
      `${envPrefix}_OPS_MONGODB_URI is not set: the commands cannot work`,
    );
  }
  findings.settle('configuration', 'connection strings and keys are set');
}

/** Opens the database with one credential; what keeps it from opening is a finding. */
async function visit(
  findings: Findings,
  role: string,
  uri: string,
  { name, serverFrom }: Patient,
  work: (db: mongo.Db) => Promise<void>,
): Promise<void> {
  let isOpen = false;
  try {
    await withDatabase(uri, name, (db) => {
      isOpen = true;
      return work(db);
    });
  } catch (error) {
    const variable = `${productNames(name).envPrefix}_${role === 'ops' ? 'OPS_' : ''}MONGODB_URI`;
    const why = wordsOfDriverError(error);
    if (error instanceof mongo.MongoServerError && AUTHENTICATION_FAILED.has(error.code))
      findings.add(
        'connection',
        'finding',
        `${role}: the server refuses the credential`,
        `Run \`bulkhead provision ${name}\`, or correct user and password in ${variable}.`,
      );
    else if (error instanceof mongo.MongoServerError)
      findings.add('connection', 'finding', `${role}: ${why}`, `Run \`bulkhead provision ${name}\`.`);
    else if (error instanceof mongo.MongoError)
      findings.add(
        'connection',
        'unreachable',
        `${role}: ${why}`,
        `Start the database, or correct ${serverFrom}.`,
      );
    // A file that the string names, or what is in it.
    else if (!isOpen) findings.add('connection', 'finding', `${role}: ${why}`, `Correct ${variable}.`);
    else throw error;
  }
}

async function checkServer(
  findings: Findings,
  db: mongo.Db,
  { product }: Patient,
  production: boolean,
): Promise<void> {
  const [hello, build] = [await db.command({ hello: 1 }), await db.command({ buildInfo: 1 })];
  checkServerVersion(findings, String(build['version']), production);
  const isStandalone = hello['setName'] === undefined && hello['msg'] !== 'isdbgrid';
  if (isStandalone)
    findings.add(
      'connection',
      product.ledger ? 'finding' : 'note',
      `the server is standalone: no transactions${product.ledger ? ', which the ledger needs' : ''}`,
      'Run it as a replica set; one member is enough.',
    );
}
