import { setTimeout as sleep } from 'node:timers/promises';
import { StartError } from '../../errors/bulkhead-error.js';
import { refusalOfRights, wordsOfDriverError } from '../driver-words.js';
import { type Line, sourceOf } from './line.js';
import type { Member, SetConfig } from './members.js';

/** How far a member may be behind its primary. */
const LAG_MS = 10_000;
/** A quiet primary writes an entry every ten seconds, which a member may not have at the moment of the look. */
const LOOK_AGAIN_MS = 3_000;
const LOOK_MS = 250;

/**
 * Finds out who steps down, who is elected next, and who comes last.
 *
 * @param to the heir that is wanted, as the set names it; otherwise the one of higher priority, the one that the other
 *   follows already, or the first.
 * @throws StartError where the set is not three members in good health that hold data and vote, where they may not
 *   follow one another, or where the heir cannot be elected, or would not stay so.
 */
export async function assign(
  members: readonly Member[],
  config: SetConfig,
  { to, signal }: { readonly to?: string | undefined; readonly signal: AbortSignal },
): Promise<Line> {
  const voters = config.members.filter(({ votes }) => votes > 0);
  if (voters.length !== 3 || members.length !== 3)
    throw refusal(
      `expected three members that hold data and vote, got ${members.length}${voters.length > members.length ? ' and an arbiter' : ''}`,
    );
  if (!config.settings.chainingAllowed)
    throw refusal(
      'expected settings.chainingAllowed, as it is by default: one member has to follow another for a moment',
    );
  const { primary, secondaries } = await rolesOf(members, signal);
  const heir = await heirOf(secondaries, to);
  const last = secondaries.find((member) => member !== heir)!;
  if (last.priority > heir.priority)
    throw refusal(
      `${last.host} has a higher priority than ${heir.host}, and would take the place at once: name that one`,
    );
  return { primary, heir, last };
}

/** Each member is asked itself: what one has heard of the others is as old as a heartbeat. */
async function rolesOf(
  members: readonly Member[],
  signal: AbortSignal,
): Promise<{ readonly primary: Member; readonly secondaries: readonly Member[] }> {
  for (const until = Date.now() + LOOK_AGAIN_MS; ; await sleep(LOOK_MS, undefined, { signal })) {
    const said = await Promise.all(members.map((member) => heard(member, helloOf)));
    const states = said.map((one, n) => ({ member: members[n]!, ...one }));
    const primary = states.find(({ state }) => state === 'PRIMARY');
    const others = states.filter(({ state }) => state === 'SECONDARY');
    if (!primary || others.length !== 2)
      throw refusal(
        `expected one primary and two secondaries, got ${states.map(({ member, state }) => `${member.host} ${state}`).join(', ')}`,
      );
    const behind = others.find(({ at }) => primary.at - at > LAG_MS);
    if (!behind) return { primary: primary.member, secondaries: others.map(({ member }) => member) };
    if (Date.now() < until) continue;
    throw refusal(
      `${behind.member.host} is ${Math.round((primary.at - behind.at) / 1_000)} s behind ${primary.member.host}: expected at most ${LAG_MS / 1_000}`,
    );
  }
}

/** What a member says it is, and when it last wrote. */
async function helloOf(member: Member): Promise<{ readonly state: string; readonly at: number }> {
  const said = await member.command({ hello: 1 });
  const state = said['isWritablePrimary'] ? 'PRIMARY' : said['secondary'] ? 'SECONDARY' : 'neither';
  return { state, at: (said['lastWrite']?.lastWriteDate as Date | undefined)?.getTime() ?? 0 };
}

async function heirOf(secondaries: readonly Member[], to: string | undefined): Promise<Member> {
  const named = secondaries.find(({ host }) => host === to);
  if (to !== undefined && !named)
    throw refusal(`${to} is none of the secondaries, ${secondaries.map(({ host }) => host).join(' and ')}`);
  if (named?.priority === 0) throw refusal(`${named.host} has priority 0, and cannot be elected`);
  if (named) return named;
  const [one, other] = secondaries.toSorted((a, b) => b.priority - a.priority) as [Member, Member];
  if (one.priority === 0) throw refusal('no secondary can be elected: each has priority 0');
  if (one.priority > other.priority) return one;
  return (await heard(one, sourceOf)) === other.host ? other : one;
}

async function heard<T>(member: Member, ask: (member: Member) => Promise<T>): Promise<T> {
  try {
    return await ask(member);
  } catch (error) {
    if (refusalOfRights(error)) throw error;
    throw refusal(`${member.host} does not answer (${wordsOfDriverError(error)})`);
  }
}

const refusal = (what: string) => new StartError([`${what}. Nothing was changed.`]);
