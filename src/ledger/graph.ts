import type { GraphQLResolveInfo } from 'graphql';
import {
  Arg,
  Args,
  Authorized,
  Ctx,
  Field,
  ID,
  Info,
  InputType,
  Mutation,
  Query,
  Resolver,
} from 'type-graphql';
import type { Capability } from '../graph/capability.js';
import { type Connection, connectionOf, PageArguments } from '../graph/connection.js';
import type { ProductContext } from '../graph/context.js';
import { findObjectId } from '../graph/ids.js';
import { Credits } from '../graph/scalars.js';
import { Account } from './account.js';
import type { TransferOutcome } from './committer.js';
import { createLedger } from './ledger.js';
import type { StoredAccount } from './stored.js';
import { Transfer } from './transfer.js';

/** The ledger as a resolver reaches it: every call is the viewer's, within the operation's deadline. */
export interface LedgerContext {
  openAccount(
    input: Parameters<ReturnType<typeof createLedger>['openAccount']>[0],
    session?: Session,
  ): Promise<StoredAccount>;
  transfer(input: TransferCreditsInput): Promise<TransferOutcome>;
  issue(input: IssueCreditsInput): Promise<TransferOutcome>;
}
type Session = NonNullable<Parameters<ReturnType<typeof createLedger>['openAccount']>[1]['session']>;

declare module '../graph/context.js' {
  interface ProductContext {
    /** The product's ledger; only in products that declare one. */
    readonly ledger?: LedgerContext;
  }
}

/** New credits for an account, out of the system account `issuance`. */
@InputType()
export class IssueCreditsInput {
  @Field(() => ID)
  to!: string;

  @Field(() => Credits)
  amount!: number;

  @Field({
    description: 'Chosen by the caller, unique to this transfer: sent again, it answers the same transfer.',
  })
  idempotencyKey!: string;

  @Field()
  reason!: string;
}

/** A move of credits between two accounts. */
@InputType()
export class TransferCreditsInput extends IssueCreditsInput {
  @Field(() => ID)
  from!: string;
}

const TransferConnection = connectionOf(Transfer);

const ledgerOf = (context: ProductContext): LedgerContext => {
  if (!context.ledger) throw new TypeError(`${context.product} has no ledger.`);
  return context.ledger;
};

/** What a ledger adds to a product's graph. */
@Resolver()
export class LedgerResolver {
  @Query(() => Account, { nullable: true })
  account(
    @Arg('id', () => ID) id: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account | null> {
    return context.loaders.one(Account, id, info);
  }

  @Query(() => [Account])
  async accounts(
    @Arg('owner', () => ID) owner: string,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Account[]> {
    const id = findObjectId(owner);
    return id
      ? context.lists.all(Account, { filter: { owner: id }, sort: { _id: 1 }, limit: 100 }, info)
      : [];
  }

  @Query(() => TransferConnection, { description: 'The transfers from or to an account, newest first.' })
  async transfers(
    @Arg('account', () => ID) account: string,
    @Args(() => PageArguments) page: PageArguments,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Connection<Transfer>> {
    const id = findObjectId(account);
    const filter = { $or: [{ from: id }, { to: id }] };
    return context.lists.page(Transfer, { filter, order: { key: 'createdAt', direction: -1 } }, page, info);
  }

  @Authorized('admin')
  @Mutation(() => Transfer, { nullable: true })
  async transferCredits(
    @Arg('input') input: TransferCreditsInput,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Transfer> {
    return answer(await ledgerOf(context).transfer(input), context, info);
  }

  @Authorized('admin')
  @Mutation(() => Transfer, { nullable: true })
  async issueCredits(
    @Arg('input') input: IssueCreditsInput,
    @Ctx() context: ProductContext,
    @Info() info: GraphQLResolveInfo,
  ): Promise<Transfer> {
    return answer(await ledgerOf(context).issue(input), context, info);
  }
}

function answer(
  { transfer, replayed }: TransferOutcome,
  context: ProductContext,
  info: GraphQLResolveInfo,
): Transfer {
  if (replayed) context.report('replayed', String(info.path.key));
  return transfer as unknown as Transfer;
}

/** The ledger as a capability of a product. */
export const ledgerCapability = ({ unit }: { readonly unit: string }): Capability => ({
  classes: [Account, Transfer],
  resolvers: [LedgerResolver],
  open: ({ product, client, db, writing }) => {
    let ledger: ReturnType<typeof createLedger> | undefined;
    const current = () =>
      (ledger ??= createLedger({ client: client(), database: db().databaseName, product, unit }));
    return (context, command) => {
      const call = () => ({
        actor: context.viewer.principal,
        comment: command().comment,
        deadline: context.deadline.at,
        signal: context.deadline.signal,
        turn: writing,
      });
      return {
        ledger: {
          openAccount: (input, session) =>
            current().openAccount(input, { ...call(), ...(session && { session }) }),
          transfer: (input) => current().transfer(input, call()),
          issue: (input) => current().issue(input, call()),
        },
      };
    };
  },
});
