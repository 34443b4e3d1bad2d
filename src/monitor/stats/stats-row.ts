import { index, modelOptions, prop } from '@typegoose/typegoose';
import { STATS_COLLECTION } from '../../product/grants.js';

/**
 * A row of statistics, as far as its collection's indexes go: it is written and read by plain commands, and is in no
 * graph.
 */
@modelOptions({ schemaOptions: { collection: STATS_COLLECTION } })
@index({ expiresAt: 1 }, { expireAfterSeconds: 0 })
@index({ kind: 1, hour: 1 })
export class StatsRow {
  @prop({ type: String, required: true })
  kind!: string;

  @prop({ type: Date })
  hour?: Date;

  @prop({ type: Date })
  expiresAt?: Date;
}
