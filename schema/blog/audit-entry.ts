import { index, modelOptions, prop } from '@typegoose/typegoose';
import { AppendOnly, Entity, Rows } from 'bulkhead';

const NINETY_DAYS_S = 90 * 24 * 60 * 60;

/** What an administrator did, kept for ninety days. */
@AppendOnly()
@Rows<AuditEntry>((viewer) => (viewer.may('admin') ? 'all' : 'none'))
@modelOptions({ schemaOptions: { collection: 'auditentries' } })
@index({ createdAt: 1 }, { expireAfterSeconds: NINETY_DAYS_S })
export class AuditEntry extends Entity {
  @prop({ type: String, required: true })
  actor!: string;

  @prop({ type: String, required: true })
  action!: string;

  @prop({ type: String, required: true })
  target!: string;
}
