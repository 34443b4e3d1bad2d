import { readUri } from '../config/readers.js';
import { VariableSource } from '../config/variable-source.js';
import { stepDown } from '../database/replica-set/step-down.js';
import { StepDownError } from '../database/replica-set/step-down-error.js';
import { StartError } from '../errors/bulkhead-error.js';
import { Interrupted, Interruption } from './interruption.js';
import { type CommonOptions, endProgress, EXIT, print, reportFailure, showProgress } from './output.js';

/** Options of `bulkhead step-down`. */
export interface StepDownCommandOptions extends CommonOptions {
  /** Who shall be primary. */
  readonly to?: string | undefined;
}

/**
 * Hands the primary of a replica set over to another member.
 *
 * @returns the exit code: 1 where the set would not.
 */
export async function stepDownPrimary({ json, to }: StepDownCommandOptions): Promise<number> {
  const source = new VariableSource(process.env, process.cwd());
  const uri = readUri(source, 'BULKHEAD_ADMIN_URI');
  if (source.problems.length > 0) throw new StartError(source.problems);
  if (uri === undefined)
    throw new StartError([
      'BULKHEAD_ADMIN_URI: expected, the connection string of a replica set for a user with the role clusterManager.',
    ]);
  const interruption = new Interruption();
  const stopping = new AbortController();
  void interruption.happened.then(() => stopping.abort());
  try {
    const done = await stepDown(uri, {
      to,
      signal: stopping.signal,
      onStep: (step, { primary, heir, last }) =>
        showProgress(
          step === 'line up'
            ? `bringing the set into line: ${last.host} follows ${heir.host}, which follows ${primary.host}`
            : `${primary.host} steps down`,
        ),
    });
    endProgress();
    const { to: heir, from, preparedMs, writableMs, acknowledgedMs, notes } = done;
    print(json, { ok: true, ...done }, [
      `${heir} is the primary in place of ${from}: it took writes after ${writableMs} ms, and a majority acknowledged after ${acknowledgedMs} (prepared in ${(preparedMs / 1_000).toFixed(1)} s).`,
      ...notes.map((note) => `note: ${note}.`),
    ]);
    return EXIT.fine;
  } catch (error) {
    endProgress();
    if (stopping.signal.aborted && error instanceof Error && error.name === 'AbortError')
      return reportFailure(new Interrupted(`${interruption.why}; nobody stepped down`), json);
    if (!(error instanceof StepDownError)) throw error;
    reportFailure(new StartError([error.message]), json);
    return EXIT.findings;
  }
}
