import type { Connection, mongo } from 'mongoose';
import { authChecker } from '../auth/auth-checker.js';
import type { Sessions } from '../auth/sessions.js';
import { Compartment } from '../compartment/compartment.js';
import type { ClassType } from '../database/class-type.js';
import { createConnection } from '../database/connection.js';
import { DriverReader } from '../database/driver-reader.js';
import { JoiningReader } from '../database/joining-reader.js';
import { ModelRegistry } from '../database/models.js';
import type { Reader, Row } from '../database/reader.js';
import type { BindCapability } from '../graph/capability.js';
import { buildProductGraph } from '../graph/product-graph.js';
import type { IsolatedSchema } from '../graph/type-graphql.js';
import type { Product } from '../product/product.js';
import { capabilitiesOf } from './capabilities.js';
import { productSessions } from './product-sessions.js';

/**
 * One product at run time: its graph, its own connection and models, its compartment. Nothing in it is shared with
 * another product.
 */
export class ProductRuntime {
  readonly graph: IsolatedSchema;
  readonly compartment: Compartment;
  readonly connection: Connection = createConnection();
  readonly models: ModelRegistry;
  readonly reader: Reader;
  readonly sessions: Sessions | undefined;
  /** Kept answers that are being computed. */
  readonly answersUnderWay = new Map<string, Promise<Row[]>>();
  readonly capabilities: readonly BindCapability[];
  readonly classes: readonly ClassType[];
  readonly resolvers: readonly ClassType[];

  /** Builds everything that needs no database. @throws StartError for a fault of code. */
  constructor(
    readonly name: string,
    readonly product: Product,
  ) {
    const capabilities = capabilitiesOf(product);
    this.classes = [...product.schema, ...capabilities.flatMap((one) => one.classes)];
    this.resolvers = [...product.resolvers, ...capabilities.flatMap((one) => one.resolvers)];
    this.graph = buildProductGraph({ classes: this.classes, resolvers: this.resolvers, authChecker });
    this.compartment = new Compartment(name, product.limits);
    this.models = new ModelRegistry(this.connection, this.classes);
    this.reader = new JoiningReader(new DriverReader(() => this.db));
    this.capabilities = capabilities.map((one) =>
      one.open({ product: name, client: () => this.client, db: () => this.db }),
    );
    this.sessions = productSessions(this);
  }

  /** The product's database. @throws BulkheadError `PRODUCT_UNAVAILABLE` before the first connection. */
  get db(): mongo.Db {
    const { db } = this.connection;
    if (!db) throw this.compartment.unavailable();
    return db;
  }

  get client(): mongo.MongoClient {
    if (!this.connection.db) throw this.compartment.unavailable();
    return this.connection.getClient();
  }
}
