export { Account, ISSUANCE_ID } from './account.js';
export type { CallOptions } from './call.js';
export type { Committer, CommitterFactory, TransferOutcome, TransferRequest } from './committer.js';
export type { IssueInput, TransferInput } from './input.js';
export {
  createLedger,
  type AccountCall,
  type AccountInput,
  type Ledger,
  type LedgerOptions,
} from './ledger.js';
export type { Books, StoredAccount, StoredTransfer } from './stored.js';
export { Transfer } from './transfer.js';
