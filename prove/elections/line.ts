import { setTimeout as sleep } from 'node:timers/promises';
import type { mongo } from 'mongoose';
import type { Member, ReplicaSet } from './replica-set.js';

/** The last in the line does not stand for election meanwhile. */
const FROZEN_S = 120;
/** The primary learns with the next beat of heart, every 2 s, that the last one does not stand. */
const KNOWN_MS = 2_500;
/** For so long entries are written after a member was told whom to follow. */
const AHEAD_MS = 250;
/** A source that was not ahead is let go within milliseconds. */
const HELD_MS = 100;
const FOLLOWS_MS = 60_000;

/**
 * Brings a set of three into one line, as `docs/production.md` tells operators to before a planned step-down: the last
 * member follows the heir, the heir follows the primary, and of the two only the heir stands for election.
 *
 * @returns lets the last one stand again.
 * @throws Error when somebody does not follow within a minute.
 */
export async function lineUp(set: ReplicaSet): Promise<() => Promise<void>> {
  const primary = await set.healthy();
  const members: readonly Member[] = set.members;
  const [one, other] = members.filter((member) => member !== primary) as [Member, Member];
  // Whoever stepped down a moment ago may be elected again.
  for (const member of [one, other]) await command(member, { replSetFreeze: 0 });
  const [heir, last] = (await sourceOf(one)) === other.host ? [other, one] : [one, other];
  const frozenAt = Date.now();
  await command(last, { replSetFreeze: FROZEN_S });
  await follow(heir, primary, primary);
  await follow(last, heir, primary);
  await sleep(frozenAt + KNOWN_MS - Date.now());
  return async () => void (await command(last, { replSetFreeze: 0 }));
}

/**
 * A member takes a source only when that is ahead of it at that very moment, or lets it go and chooses another a second
 * later: the primary writes entries meanwhile, and the member is asked until it has.
 */
async function follow(member: Member, source: Member, primary: Member): Promise<void> {
  for (const until = Date.now() + FOLLOWS_MS; !(await isFollowing(member, source));) {
    if (Date.now() > until)
      throw new Error(`${member.host} does not follow ${source.host} after having been asked for a minute.`);
    await command(member, { replSetSyncFrom: source.host });
    for (const ahead = Date.now() + AHEAD_MS; Date.now() < ahead;)
      await command(primary, { appendOplogNote: 1, data: { for: 'the line' }, writeConcern: { w: 1 } });
  }
}

async function isFollowing(member: Member, source: Member): Promise<boolean> {
  if ((await sourceOf(member)) !== source.host) return false;
  await sleep(HELD_MS);
  return (await sourceOf(member)) === source.host;
}

const sourceOf = async (member: Member): Promise<string> =>
  String((await command(member, { replSetGetStatus: 1 }))['syncSourceHost']);

const command = (member: Member, what: mongo.Document): Promise<mongo.Document> =>
  member.client.db('admin').command(what);
