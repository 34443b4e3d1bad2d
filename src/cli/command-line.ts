import { CommanderError } from 'commander';
import { EXIT, outliveReaders, reportFailure } from './output.js';
import { buildProgram } from './program.js';

/** Does what the arguments of this process say, and sets its exit code. */
export async function runCommandLine(): Promise<void> {
  outliveReaders();
  const isJson = process.argv.includes('--json');
  try {
    await buildProgram(isJson).parseAsync();
  } catch (error) {
    if (!(error instanceof CommanderError)) process.exitCode = reportFailure(error, isJson);
    else {
      process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.usage;
      if (isJson && error.exitCode !== 0)
        process.stdout.write(`${JSON.stringify({ ok: false, problems: [wordsOf(error)] })}\n`);
    }
  }
}

/** Its message, but for a group of commands without one: that has only a name for showing help. */
const wordsOf = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'expected a command: see --help.' : message;
