import type { Environment } from '../config/environment.js';
import type { SeedProgress } from '../product/seed.js';
import type { ProductUris } from './product-uris.js';

/** A product as the parent process needs to know it. */
export interface DescribedProduct {
  readonly name: string;
  /** An operation that answers something. */
  readonly sampleOperation: string;
}

/** What the worker found in the project: its configuration and its products. */
export interface Description {
  readonly environment: Environment;
  readonly products: readonly DescribedProduct[];
}

/** From the worker that knows the project. */
export type WorkerMessage =
  | { readonly kind: 'described'; readonly description: Description }
  | { readonly kind: 'step'; readonly text: string }
  | { readonly kind: 'progress'; readonly product: string; readonly progress: SeedProgress }
  | { readonly kind: 'prepared'; readonly uris: Readonly<Record<string, ProductUris>> }
  | { readonly kind: 'problems'; readonly isUsage: boolean; readonly problems: readonly string[] }
  | { readonly kind: 'failed'; readonly name: string; readonly message: string };

/** To the worker: go on, with this administrative connection string. */
export interface PrepareOrder {
  readonly adminUri: string;
}

/** What the worker is started with. */
export interface PrepareWorkerData {
  readonly products: readonly string[];
  readonly config?: string;
}
