#!/usr/bin/env node
import { readFileSync } from 'node:fs';
import { Command, CommanderError, InvalidArgumentError } from 'commander';
import { EXIT, reportFailure } from './output.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const toScale = (text: string): number => {
  const scale = Number(text);
  if (!(scale > 0)) throw new InvalidArgumentError('expected a number above 0.');
  return scale;
};

/** Commands load what they need when they are called: `bulkhead token` opens no server. */
function buildProgram(): Command {
  const program = new Command('bulkhead')
    .description('One GraphQL gateway; one watertight MongoDB database per product.')
    .version(version)
    .option('--config <file>', 'the compiled gateway declaration (default: dist/bulkhead.config.js)')
    .option('--json', 'print JSON for programs', false)
    .showHelpAfterError('(bulkhead --help lists the commands)')
    .exitOverride();
  const common = () => program.opts<{ config?: string; json: boolean }>();

  program
    .command('start [products...]')
    .description('serve the gateway (some products, or all)')
    .action(async (products: string[]) => (await import('./start.js')).start(products, common()));
  program
    .command('dev [products...]')
    .description('database, users, sample data and the gateway; restarts when sources change')
    .option('--no-watch', 'do not watch: what npm start does')
    .action(async (products: string[], { watch }: { watch: boolean }) =>
      (await import('./dev.js')).dev(products, { ...common(), watch }),
    );
  return program;
}

async function main(): Promise<void> {
  const program = buildProgram();
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? EXIT.fine : EXIT.usage;
    else process.exitCode = reportFailure(error, program.opts<{ json: boolean }>().json);
  }
}

await main();
void toScale;
