import type { mongo } from 'mongoose';
import type { StoredFinding } from '../../src/monitor/finding.js';
import type { PlanStage, ShapePlan } from '../../src/monitor/explain/plan.js';
import { STATS_COLLECTION } from '../../src/product/grants.js';

type Stored = { _id: string; kind: string };

const stamps = () => ({ createdAt: new Date(), updatedAt: new Date() });

/** A scan with a sort: the plan that an index mends. */
export const SCAN: PlanStage = {
  stage: 'SORT',
  returned: 4,
  inputs: [{ stage: 'COLLSCAN', documentsExamined: 8_500, returned: 4, inputs: [] }],
};

/** Stores a plan as the worker does. */
export async function storePlan(db: mongo.Db, shape: string, plan: Partial<ShapePlan> = {}): Promise<void> {
  await db.collection<ShapePlan & Stored>(STATS_COLLECTION).insertOne({
    _id: `plan:${shape}`,
    kind: 'plan',
    shape,
    at: new Date(),
    documentsExamined: 8_500,
    keysExamined: 0,
    returned: 4,
    collectionScan: true,
    inMemorySort: true,
    indexes: [],
    root: SCAN,
    ...plan,
    ...stamps(),
  });
}

/** Stores a finding as the worker does. */
export async function storeFinding(db: mongo.Db, finding: Partial<StoredFinding>): Promise<void> {
  const { id = 'f1' } = finding;
  await db.collection<StoredFinding & Stored>(STATS_COLLECTION).insertOne({
    _id: `finding:${id}`,
    kind: 'finding',
    id,
    rule: 'collection-scan',
    severity: 'red',
    subject: {},
    reason: 'Reads 8,500 documents to return 4.',
    remedy: 'bulkhead indexes advise blog',
    first: new Date(),
    last: new Date(),
    ...finding,
    ...stamps(),
  });
}
