/** Where an operator's word on a product stands, in its own database: every gateway reads it. */
export const CONTROL_COLLECTION = '_bulkhead.control';

/** What an operator has decided; nothing stands there while the product serves. */
export interface Control {
  readonly _id: 'mode';
  readonly mode: 'parked' | 'read-only';
  /** For the log and for other operators. */
  readonly reason: string;
  readonly createdAt: Date;
  readonly updatedAt: Date;
}
