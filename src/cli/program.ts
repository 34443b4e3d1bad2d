import { readFileSync } from 'node:fs';
import { Command, InvalidArgumentError, Option } from 'commander';
import type { ShapeOrder } from '../monitor/stats/slow-shapes.js';
import { refuseEmptyValues } from './empty-values.js';
import { leaveHangUps } from './hang-up.js';
import type { IndexesAdviseOptions } from './indexes-advise.js';
import type { IndexesApplyOptions, IndexesPlanOptions } from './indexes.js';
import type { CollectOptions } from './operations-collect.js';
import type { CommonOptions } from './output.js';
import type { SchemaCheckOptions } from './schema-check.js';

const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
  version: string;
};

const toScale = (text: string): number => {
  const scale = Number(text);
  if (!(scale > 0 && Number.isFinite(scale))) throw new InvalidArgumentError('expected a number above 0.');
  return scale;
};

const SECONDS = { s: 1, m: 60, h: 3_600, d: 86_400 } as const;
const toSeconds = (text: string): number => {
  const [, count, unit] = /^(\d{1,6})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * SECONDS[unit as keyof typeof SECONDS];
  if (!(seconds > 0)) throw new InvalidArgumentError('expected a time such as 30m, 12h or 7d.');
  return seconds;
};

const toLimit = (text: string): number => {
  const limit = Number(text);
  if (!(Number.isSafeInteger(limit) && limit > 0))
    throw new InvalidArgumentError('expected a number above 0.');
  return limit;
};

const toAddress = (text: string): string => {
  if (!/^https?:/i.test(text) || !URL.canParse(text))
    throw new InvalidArgumentError('expected an address such as http://10.0.0.7:4000.');
  return text;
};

const sinceOption = (): Option =>
  new Option('--since <time>', 'how far back: 1h, 24h, 7d')
    .argParser(toSeconds)
    .default(24 * SECONDS.h, '24h');

const examples = (...lines: readonly string[]): string =>
  `\nExamples:\n${lines.map((line) => `  $ bulkhead ${line}\n`).join('')}`;

/** Whether it goes on until it is told to stop, and reads secrets again meanwhile. */
const serves = (command: Command): boolean =>
  command.name() === 'start' || (command.name() === 'work' && !command.opts<{ once: boolean }>().once);

/** Every command, its options and help. Each loads what it needs when it is called: `token` opens no server. */
export function buildProgram(isJson = false): Command {
  const program = new Command('bulkhead')
    .description('One GraphQL gateway; one watertight MongoDB database per product.')
    .version(version)
    .option('--config <file>', 'the compiled gateway declaration (default: dist/bulkhead.config.js)')
    .option('--json', 'print JSON for programs', false)
    .showHelpAfterError('(add --help for usage)')
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', '\nExit codes: 0 fine, 1 findings, 2 usage or configuration, 3 unavailable.')
    // With --json the mistake is told as JSON, by whoever catches it.
    .configureOutput(isJson ? { outputError: () => {}, writeErr: () => {} } : {})
    .exitOverride()
    .hook('preAction', (_, command) => {
      refuseEmptyValues(command);
      if (!serves(command)) leaveHangUps();
    });
  const common = () => program.opts<CommonOptions>();
  const exitWith = async (code: Promise<number>): Promise<void> => {
    process.exitCode = await code;
  };

  program
    .command('start [products...]')
    .description('serve the gateway (some products, or all)')
    .addHelpText('after', examples('start', 'start shop'))
    .action(async (products: string[]) => (await import('./start.js')).start(products, common()));

  program
    .command('work [products...]')
    .description('watch the products: plans, findings, alarms (ops credentials; beside the gateway)')
    .option('--once', 'one round, print what it has found, and end; 1 where a red finding holds', false)
    .addHelpText('after', examples('work', 'work shop', 'work --once --json'))
    .action(async (products: string[], options: { once: boolean }) =>
      exitWith((await import('./work.js')).work(products, { ...common(), ...options })),
    );

  program
    .command('dev [products...]')
    .description('database, users, sample data and the gateway; restarts when sources change')
    .option('--no-watch', 'do not watch: what npm start does')
    .addHelpText('after', examples('dev', 'dev shop --no-watch'))
    .action(async (products: string[], { watch }: { watch: boolean }) =>
      (await import('./dev.js')).dev(products, { ...common(), watch }),
    );

  program
    .command('seed [product]')
    .description('load sample data, for development')
    .option('--scale <n>', 'as many times the everyday size', toScale, 1)
    .addHelpText('after', examples('seed', 'seed --scale 10', 'seed shop --scale 0.01'))
    .action(async (product: string | undefined, options: { scale: number }) =>
      (await import('./seed.js')).seedProducts(product, { ...common(), ...options }),
    );

  program
    .command('doctor [product]')
    .description('check configuration, contract, connection, privileges, indexes and versions')
    .option('--attack', "try each credential on every other product's database; all must be refused", false)
    .addHelpText('after', examples('doctor', 'doctor shop', 'doctor --attack --json'))
    .action(async (product: string | undefined, options: { attack: boolean }) =>
      exitWith((await import('./doctor.js')).doctor(product, { ...common(), ...options })),
    );

  program
    .command('status')
    .description('one line per product: state, database, documents, traffic, worst finding')
    .addOption(
      new Option('--url <address>', 'where the gateway listens (default: HOST and PORT)').argParser(
        toAddress,
      ),
    )
    .addHelpText('after', examples('status', 'status --json', 'status --url http://10.0.0.7:4000'))
    .action(async (options: { url?: string }) =>
      exitWith((await import('./status.js')).status({ ...common(), ...options })),
    );

  program
    .command('slow [product]')
    .description('the queries that cost most: who sends them, how they are planned, what is wrong')
    .addOption(sinceOption())
    .addOption(
      new Option('--sort <by>', 'what comes first')
        .choices(['total', 'p95', 'calls', 'examined'])
        .default('total'),
    )
    .option('--limit <n>', 'queries of each product', toLimit, 20)
    .option('--watch', 'show it again every few seconds', false)
    .addHelpText('after', examples('slow', 'slow shop --since 7d --sort examined', 'slow shop --watch'))
    .action(
      async (
        product: string | undefined,
        options: { since: number; sort: ShapeOrder; limit: number; watch: boolean },
      ) => exitWith((await import('./slow.js')).slow(product, { ...common(), ...options })),
    );

  program
    .command('explain <product> <shape>')
    .description('everything about one query that `slow` lists: origins, times, plan, findings')
    .addOption(sinceOption())
    .addHelpText('after', examples('explain shop 3f2a', 'explain shop 3f2a9c81d0 --since 7d --json'))
    .action(async (product: string, shape: string, options: { since: number }) =>
      (await import('./explain.js')).explain(product, shape, { ...common(), ...options }),
    );

  program
    .command('reload')
    .description('let the gateways that run here read their secrets again, without a failed request')
    .addHelpText('after', examples('reload', 'reload --json'))
    .action(async () => exitWith((await import('./reload.js')).reload(common())));

  program
    .command('provision [product]')
    .description('users, roles, collections and indexes, with BULKHEAD_ADMIN_URI')
    .option('--new-passwords', 'new passwords for users whose connection string is not configured', false)
    .addOption(
      new Option('--revoke', 'also take away rights that no class needs any more: after a roll-out')
        .default(false)
        .conflicts(['rotate', 'retire']),
    )
    .addOption(
      new Option('--rotate', 'only a second user beside each, with a new password')
        .default(false)
        .conflicts('retire'),
    )
    .option('--retire', 'only remove users that --rotate has replaced and nobody is connected as', false)
    .addHelpText(
      'after',
      examples(
        'provision',
        'provision shop',
        'provision shop --revoke',
        'provision shop --rotate',
        'provision shop --retire',
      ),
    )
    .action(
      async (
        product: string | undefined,
        options: { newPasswords: boolean; revoke: boolean; rotate: boolean; retire: boolean },
      ) => exitWith((await import('./provision.js')).provisionProducts(product, { ...common(), ...options })),
    );

  program
    .command('step-down')
    .description('hand the primary of a replica set over to another member, without a gap for writes')
    .option('--to <member>', 'who shall be primary, as the set names it: host:port')
    .addHelpText('after', examples('step-down', 'step-down --to db2.internal:27017', 'step-down --json'))
    .action(async (options: { to?: string }) =>
      exitWith((await import('./step-down.js')).stepDownPrimary({ ...common(), ...options })),
    );

  program
    .command('token')
    .description('sign a token and print it alone')
    .requiredOption('--product <product>', "whose key signs; '*' for an operator's token")
    .requiredOption('--scope <scopes...>', 'what it may do, such as shop:read')
    .option('--subject <subject>', 'whom it names', 'command-line')
    .addOption(
      new Option('--expires <time>', 'how long it is good: 30m, 12h, 7d')
        .argParser(toSeconds)
        .default(12 * SECONDS.h, '12h'),
    )
    .addHelpText(
      'after',
      examples(
        'token --product shop --scope shop:read',
        "token --product '*' --scope '*:admin' --expires 1h --subject ada",
      ),
    )
    .action(async (options: { product: string; scope: string[]; subject: string; expires: number }) =>
      (await import('./token.js')).token({ ...common(), ...options }),
    );

  const schema = program.command('schema').description('the GraphQL schemas as text');
  schema
    .command('print [product]')
    .description('print the SDL of one product, or of the composed graph')
    .option('--out <dir>', 'write a file per product and graph.graphql instead')
    .addHelpText('after', examples('schema print shop', 'schema print --out generated'))
    .action(async (product: string | undefined, options: { out?: string }) =>
      (await import('./schema.js')).printSchemas(product, { ...common(), ...options }),
    );
  schema
    .command('check [product]')
    .description('what changed since the SDL was written, and which operations of clients would break')
    .option('--dir <dir>', 'where the files lie', 'generated')
    .option('--operations <dir>', "where the clients' manifests lie (default: operations in --dir)")
    .addOption(
      new Option('--fail-on <what>', 'what exit code 1 is for')
        .choices(['any', 'breaking', 'used'])
        .default('any'),
    )
    .addHelpText(
      'after',
      examples(
        'schema check',
        'schema check shop --dir schemas',
        'schema check --dir main/generated --fail-on used',
      ),
    )
    .action(async (product: string | undefined, options: Omit<SchemaCheckOptions, keyof CommonOptions>) =>
      exitWith((await import('./schema-check.js')).checkSchemas(product, { ...common(), ...options })),
    );

  const indexes = program.command('indexes').description('the indexes that the classes declare');
  const dropUndeclared = () =>
    new Option('--drop-undeclared', 'hide what no class declares; drop what was hidden so and has waited');
  const drop = () =>
    new Option(
      '--drop <index>',
      'hide this undeclared index (collection.index), or drop it once it has waited; nothing else. May be given again',
    )
      .conflicts('dropUndeclared')
      .argParser((name, others: readonly string[] | undefined) => [...(others ?? []), name]);
  const wait = () =>
    new Option(
      '--wait <time>',
      'how long an index stays hidden before it is dropped (default: as it was hidden, or 7d)',
    ).argParser(toSeconds);
  indexes
    .command('plan [product]')
    .description('what each database lacks or has otherwise, with reason and cost; changes nothing')
    .addOption(dropUndeclared().default(false))
    .addOption(drop())
    .addOption(wait())
    .option('--out <file>', 'write the plan, for apply --plan')
    .addHelpText(
      'after',
      examples(
        'indexes plan',
        'indexes plan shop --out plan.json',
        'indexes plan --drop-undeclared --wait 14d',
      ),
    )
    .action(async (product: string | undefined, options: Omit<IndexesPlanOptions, keyof CommonOptions>) =>
      exitWith((await import('./indexes.js')).planProducts(product, { ...common(), ...options })),
    );
  indexes
    .command('apply [product]')
    .description('do what was planned, one collection at a time; safe to run again')
    .option('--plan <file>', 'do what this plan names, and nothing else')
    .option('--yes', 'do not ask', false)
    .addOption(dropUndeclared())
    .addOption(drop())
    .addOption(wait())
    .option('--allow-gap', 'drop an index before its successor is built, where both cannot stand', false)
    .option('--allow-deletes', 'let an index that expires documents delete some at once', false)
    .addHelpText(
      'after',
      examples(
        'indexes apply',
        'indexes apply shop --plan plan.json',
        'indexes apply --yes',
        'indexes apply shop --drop orders.old_1',
      ),
    )
    .action(async (product: string | undefined, options: Omit<IndexesApplyOptions, keyof CommonOptions>) =>
      exitWith((await import('./indexes.js')).applyProducts(product, { ...common(), ...options })),
    );
  indexes
    .command('advise [product]')
    .description('which indexes the observed operations want, and which nobody uses; tried on a copy')
    .addOption(
      new Option('--since <time>', 'how far back: 1h, 24h, 7d')
        .argParser(toSeconds)
        .default(7 * SECONDS.d, '7d'),
    )
    .addHelpText(
      'after',
      examples('indexes advise', 'indexes advise shop --since 30d', 'indexes advise --json'),
    )
    .action(async (product: string | undefined, options: Omit<IndexesAdviseOptions, keyof CommonOptions>) =>
      exitWith((await import('./indexes-advise.js')).adviseProducts(product, { ...common(), ...options })),
    );

  const operations = program.command('operations').description("the clients' registered operations");
  operations
    .command('collect')
    .description("write the manifests of the clients' documents, <anything>.<product>.graphql")
    .option('--from <dir...>', 'where the documents lie', ['.'])
    .option('--out <dir>', 'where the manifests are written', 'generated/operations')
    .addHelpText('after', examples('operations collect', 'operations collect --from ../app/src ../admin/src'))
    .action(async (options: Omit<CollectOptions, keyof CommonOptions>) =>
      (await import('./operations-collect.js')).collectOperations({ ...common(), ...options }),
    );
  operations
    .command('push [product]')
    .description("register the operations of the clients' manifests")
    .option('--dir <dir>', 'where the manifests lie', 'generated/operations')
    .option('--prune', 'remove operations that the manifest has not', false)
    .addHelpText('after', examples('operations push', 'operations push shop --prune'))
    .action(async (product: string | undefined, options: { dir: string; prune: boolean }) =>
      (await import('./operations.js')).pushOperations(product, { ...common(), ...options }),
    );

  program
    .command('init <dir>')
    .description('make a repository of your own that depends on this package, with one product and its test')
    .option('--name <name>', "the product's and the repository's (default: the folder's)")
    .option(
      '--package <spec>',
      'what it depends on: a version, an address or a tarball (default: this version)',
    )
    .addHelpText('after', examples('init shop', 'init . --name shop'))
    .action(async (dir: string, options: { name?: string; package?: string }) =>
      (await import('./init.js')).init(dir, { ...common(), ...options }),
    );

  const product = program.command('product').description('the products themselves');
  product
    .command('new <name>')
    .description('make folders, a class with a reference and an index, a resolver, a test and the entry')
    .option('--no-codegen', "do not run the project's codegen script")
    .addHelpText('after', examples('product new shop'))
    .action(async (name: string, options: { codegen: boolean }) =>
      (await import('./product-new.js')).newProduct(name, { ...common(), ...options }),
    );
  for (const [name, decision, description] of DECISIONS)
    product
      .command(`${name} <product>`)
      .description(description)
      .option('--reason <text>', 'for the log, and for other operators')
      .addHelpText('after', examples(`product ${name} shop`))
      .action(async (target: string, options: { reason?: string }) =>
        (await import('./product-mode.js')).decide(target, decision, { ...common(), ...options }),
      );
  return program;
}

const DECISIONS = [
  ['park', 'parked', 'refuse its operations, at once and on every gateway'],
  ['read-only', 'read-only', 'answer its queries and refuse its mutations'],
  ['resume', 'serving', 'let it serve again'],
] as const;
