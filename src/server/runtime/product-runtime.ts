import { authChecker } from '../../auth/auth-checker.js';
import type { Sessions } from '../../auth/sessions.js';
import { Compartment } from '../../compartment/compartment.js';
import type { ClassType } from '../../database/class-type.js';
import { isCredentialRefused } from '../../database/driver-errors.js';
import { buildProductGraph } from '../../graph/product-graph.js';
import type { KeptAnswer } from '../../graph/answer-cache.js';
import type { IsolatedSchema } from '../../graph/type-graphql.js';
import type { Recorder } from '../../monitor/recorder.js';
import type { ProductWatcher } from '../../monitor/watcher.js';
import type { Product } from '../../product/product.js';
import { capabilitiesOf } from './capabilities.js';
import { HeldAnswers, mostRead } from '../limits/held-answers.js';
import { ProductLink } from './product-link.js';
import type { OperationTrace } from '../telemetry/traces.js';
import { productSessions } from './product-sessions.js';

/**
 * One product at run time: its graph, its own connection and models, its compartment. Nothing in it is shared with
 * another product.
 */
export class ProductRuntime {
  readonly graph: IsolatedSchema;
  readonly compartment: Compartment;
  readonly sessions: Sessions | undefined;
  /** What happens in it is counted here; left out where nobody watches. */
  recorder: Recorder | undefined;
  /** Everybody who looks on, the recorder among them. */
  readonly watchers: ProductWatcher[] = [];
  /** Whether commands name their request in the comment, for the log. */
  namesRequests = false;
  /** Called when the database has refused an operation the credential; set by whoever keeps the connection. */
  onCredentialRefused: () => void = () => {};
  /** What the database has answered to operations under way; the gateway's, of all products. */
  held = new HeldAnswers();
  /** Operations under way in it that are traced, by the id of their span. */
  readonly traces = new Map<string, OperationTrace>();
  readonly classes: readonly ClassType[];
  readonly resolvers: readonly ClassType[];
  readonly #capabilities: ReturnType<typeof capabilitiesOf>;
  #link: ProductLink;

  /** Builds everything that needs no database. @throws StartError for a fault of code. */
  constructor(
    readonly name: string,
    readonly product: Product,
  ) {
    this.#capabilities = capabilitiesOf(product);
    this.classes = [...product.schema, ...this.#capabilities.flatMap((one) => one.classes)];
    this.resolvers = [...product.resolvers, ...this.#capabilities.flatMap((one) => one.resolvers)];
    this.graph = buildProductGraph({
      classes: this.classes,
      resolvers: this.resolvers,
      authChecker,
      mostObjects: product.limits.cost,
    });
    this.compartment = new Compartment(name, product.limits);
    this.#link = this.createLink();
    this.sessions = productSessions(this);
  }

  /** Takes note of what an operation has failed with. */
  noteFailures(errors: readonly unknown[]): void {
    if (errors.some(isCredentialRefused)) this.onCredentialRefused();
  }

  /** The connection that operations which begin now are served on. */
  get link(): ProductLink {
    return this.#link;
  }

  /** A link of this product that nothing is served on yet. */
  createLink(): ProductLink {
    return new ProductLink({
      product: this.name,
      classes: this.classes,
      capabilities: this.#capabilities,
      answers: this.product.answers as ClassType<KeptAnswer> | undefined,
      unavailable: (why) => this.compartment.unavailable(why),
      hold: (signal) => this.held.open(signal, mostRead(this.product.limits)),
      limits: this.product.limits,
    });
  }

  /** From now on operations begin on this link; those under way stay on theirs. @returns the link before it. */
  serveOn(link: ProductLink): ProductLink {
    const before = this.#link;
    this.#link = link;
    return before;
  }
}
