import { StartError } from '../../errors/bulkhead-error.js';
import { refusalOfRights, wordsOfDriverError } from '../driver-words.js';
import { type Line, sourceOf } from './line.js';
import type { Member, SetFacts } from './members.js';

/** How far a member may be behind its primary. */
const LAG_MS = 10_000;

/**
 * Finds out who steps down, who is elected next, and who comes last.
 *
 * @param to the heir that is wanted, as the set names it; otherwise the one that the other follows already, or the one
 *   of higher priority, or the first.
 * @throws StartError where the set is not three members in good health that hold data and vote, where they may not
 *   follow one another, or where the heir cannot be elected.
 */
export async function assign(
  members: readonly Member[],
  { config, status }: SetFacts,
  to?: string,
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
  const states = members.map((member) => {
    const { stateStr = 'UNKNOWN', optimeDate } =
      status.members.find(({ name }) => name === member.host) ?? {};
    return { member, stateStr, at: optimeDate?.getTime() ?? 0 };
  });
  const primary = states.find(({ stateStr }) => stateStr === 'PRIMARY');
  const others = states.filter(({ stateStr }) => stateStr === 'SECONDARY');
  if (!primary || others.length !== 2)
    throw refusal(
      `expected one primary and two secondaries, got ${states.map(({ member, stateStr }) => `${member.host} ${stateStr}`).join(', ')}`,
    );
  const behind = others.find(({ at }) => primary.at - at > LAG_MS);
  if (behind)
    throw refusal(
      `${behind.member.host} is ${Math.round((primary.at - behind.at) / 1_000)} s behind ${primary.member.host}: expected at most ${LAG_MS / 1_000}`,
    );
  const secondaries = others.map(({ member }) => member);
  for (const member of members) await whomItFollows(member);
  const heir = await heirOf(secondaries, to);
  return { primary: primary.member, heir, last: secondaries.find((member) => member !== heir)! };
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
  return (await whomItFollows(one)) === other.host ? other : one;
}

/** A member may have gone since the others have heard of it. */
async function whomItFollows(member: Member): Promise<string> {
  try {
    return await sourceOf(member);
  } catch (error) {
    if (refusalOfRights(error)) throw error;
    throw refusal(`${member.host} does not answer (${wordsOfDriverError(error)})`);
  }
}

const refusal = (what: string) => new StartError([`${what}. Nothing was changed.`]);
