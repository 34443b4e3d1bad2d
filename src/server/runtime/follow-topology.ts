import type { mongo } from 'mongoose';

/** A server that is away for less is an election or a lost packet, not a state. */
const GRACE_MS = 500;

/** Who hears of a topology. */
export interface TopologyListener {
  /** No server can be written to any more, after a moment of grace; or one can again. */
  readonly tell: (isReachable: boolean) => void;
  /** Another server than before can be written to. */
  readonly onPrimary: () => void;
}

/**
 * Follows which server can be written to.
 *
 * @returns a function that ends it.
 */
export function followTopology(client: mongo.MongoClient, { tell, onPrimary }: TopologyListener): () => void {
  let pending: NodeJS.Timeout | undefined;
  let primary: string | undefined;
  const onChange = ({ newDescription }: mongo.TopologyDescriptionChangedEvent) => {
    const writable = [...newDescription.servers.values()].find((server) => server.isWritable);
    if (writable) {
      if (writable.address !== primary) onPrimary();
      primary = writable.address;
      clearTimeout(pending);
      pending = undefined;
      tell(true);
    } else {
      pending ??= setTimeout(() => tell(false), GRACE_MS).unref();
    }
  };
  client.on('topologyDescriptionChanged', onChange);
  return () => {
    clearTimeout(pending);
    client.off('topologyDescriptionChanged', onChange);
  };
}
