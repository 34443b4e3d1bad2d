import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import {
  AccountsOfDocument,
  CreateStudentDocument,
  IssueCreditsDocument,
  PerformanceBySubjectDocument,
  SignUpDocument,
  TransferCreditsDocument,
} from '../../generated/operations/aviation.js';
import { ask, type Endpoint, GraphQLRequestError } from '../client.js';

/** The transfer may or may not have happened: only the same input under the same key tells. */
const UNDECIDED = new Set(['IDEMPOTENCY_IN_FLIGHT', 'DEADLINE_EXCEEDED', 'PRODUCT_UNAVAILABLE']);
const ATTEMPTS = 6;
const FIRST_PAUSE_MS = 100;

/** Asks until there is an answer that decides: a lost connection says as little as an undecided code. */
async function untilDecided<Answer>(send: () => Promise<Answer>): Promise<Answer> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send();
    } catch (error) {
      const isDecided = error instanceof GraphQLRequestError && !UNDECIDED.has(error.code);
      if (isDecided || attempt === ATTEMPTS) throw error;
      await sleep(FIRST_PAUSE_MS * 2 ** (attempt - 1));
    }
  }
}

const got = <T>(value: T | null | undefined, what: string): T => {
  if (value === null || value === undefined) throw new TypeError(`The gateway answered no ${what}.`);
  return value;
};

/** Signs a user up, makes it a student, and answers the account that came with that. */
async function enrol(url: string, name: string) {
  const email = `${randomUUID()}@example.org`;
  const signedUp = await ask({ url }, SignUpDocument, { input: { name, email, password: randomUUID() } });
  // A session sees its own rows: what follows needs no administrator.
  const session = { url, token: got(signedUp.signUp, 'session').token };
  const { createStudent } = await ask(session, CreateStudentDocument, { input: { name } });
  const { id } = got(createStudent, 'student');
  const { accounts } = await ask(session, AccountsOfDocument, { owner: id });
  return { name, student: id, account: got(accounts[0], 'account').id };
}

export interface AviationAdminOptions {
  /** The product's endpoint, with an administrator's token. */
  readonly aviation: Required<Endpoint>;
  readonly print?: (line: string) => void;
}

/** Enrols two students, issues credits to one, passes some on to the other, and reads how the school does. */
export async function main({ aviation, print = console.log }: AviationAdminOptions): Promise<void> {
  const amelia = await enrol(aviation.url, 'Amelia');
  const bessie = await enrol(aviation.url, 'Bessie');

  // One key for each intent, made before the first attempt and kept through all of them.
  const issue = { to: amelia.account, amount: 100, reason: 'course paid', idempotencyKey: randomUUID() };
  await untilDecided(() => ask(aviation, IssueCreditsDocument, { input: issue }));
  print(`issued ${issue.amount} to ${amelia.name}`);

  const transfer = {
    from: amelia.account,
    to: bessie.account,
    amount: 30,
    reason: 'a shared lesson',
    idempotencyKey: randomUUID(),
  };
  await untilDecided(() => ask(aviation, TransferCreditsDocument, { input: transfer }));
  print(`transferred ${transfer.amount} from ${amelia.name} to ${bessie.name}`);

  for (const { name, student } of [amelia, bessie]) {
    const { accounts } = await ask(aviation, AccountsOfDocument, { owner: student });
    for (const { balance, unit } of accounts) print(`${name} has ${balance} ${unit}s`);
  }

  const { performanceBySubject } = await ask(aviation, PerformanceBySubjectDocument, {});
  for (const { subject, rate, answers } of performanceBySubject) {
    const name = subject ? `${subject.code} ${subject.name}` : 'subjects that are gone';
    print(`${(rate * 100).toFixed(1).padStart(5)} % of ${answers} answers right: ${name}`);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const gateway = process.env['BULKHEAD_URL'] ?? 'http://127.0.0.1:4000';
  const token = process.env['BULKHEAD_TOKEN'];
  if (!token) throw new TypeError('BULKHEAD_TOKEN: expected the token that npm start prints.');
  await main({ aviation: { url: `${gateway}/graphql/aviation`, token } });
}
