import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from './members.js';
import { StepDownError } from './step-down-error.js';

/** Who is who in a step-down. */
export interface Line {
  /** Steps down. */
  readonly primary: Member;
  /** Is elected next, and follows the primary. */
  readonly heir: Member;
  /** Follows the heir, and does not stand for election meanwhile. */
  readonly last: Member;
}

/** For how long the last one does not stand for election. */
const FROZEN_S = 120;
/** Past a beat of heart, by which the primary learns that the last one does not stand. */
const KNOWN_MS = 500;
/** For so long entries are written after a member was told whom to follow. */
const AHEAD_MS = 250;
/** A source that was not ahead is let go within milliseconds. */
const HELD_MS = 100;
/** How long the whole is tried for. */
const LINE_MS = 60_000;

/**
 * Brings a set into one line: the last member follows the heir, the heir follows the primary, and only the heir stands
 * for election. So two members follow each other from the first moment of the heir's term, and are a majority.
 *
 * Left to themselves, the one that stepped down looks for a source once a second, and the last one listens to the old
 * primary for half the election's timeout (`BackgroundSync::_produce` in the server's `bgsync.cpp`).
 *
 * @throws StepDownError when it is not in line after a minute; an AbortError as soon as the signal comes.
 */
export async function lineUp(
  { primary, heir, last }: Line,
  { heartbeatMs, signal }: { readonly heartbeatMs: number; readonly signal: AbortSignal },
): Promise<void> {
  // Whoever stepped down a moment ago may be elected again.
  await heir.command({ replSetFreeze: 0 });
  const asking = { primary, signal, until: Date.now() + LINE_MS };
  do {
    await follow(heir, primary, asking);
    await follow(last, heir, asking);
    await last.command({ replSetFreeze: FROZEN_S });
    await sleep(heartbeatMs + KNOWN_MS, undefined, { signal });
  } while (!(await isFollowing(heir, primary)) || !(await isFollowing(last, heir)));
}

/** Lets the last one stand for election again. */
export const letStand = async ({ last }: Line): Promise<void> =>
  void (await last.command({ replSetFreeze: 0 }));

/**
 * A member takes a source only when that is ahead of it at that very moment, or lets it go and chooses another a second
 * later: the primary writes entries meanwhile, and the member is asked until it has.
 */
async function follow(
  member: Member,
  source: Member,
  {
    primary,
    signal,
    until,
  }: { readonly primary: Member; readonly signal: AbortSignal; readonly until: number },
): Promise<void> {
  while (!(await isFollowing(member, source))) {
    if (Date.now() > until)
      throw new StepDownError(
        `${member.host} does not follow ${source.host}, after having been asked for a minute`,
      );
    await member.command({ replSetSyncFrom: source.host });
    for (const ahead = Date.now() + AHEAD_MS; Date.now() < ahead; signal.throwIfAborted())
      await primary.command({ appendOplogNote: 1, data: { for: 'step-down' }, writeConcern: { w: 1 } });
  }
  signal.throwIfAborted();
}

async function isFollowing(member: Member, source: Member): Promise<boolean> {
  if ((await sourceOf(member)) !== source.host) return false;
  await sleep(HELD_MS);
  return (await sourceOf(member)) === source.host;
}

/** Whom a member follows; empty for a primary. */
export const sourceOf = async (member: Member): Promise<string> =>
  String((await member.command({ replSetGetStatus: 1 }))['syncSourceHost'] ?? '');
