import type { mongo } from 'mongoose';

/** A server that is away for less is an election or a lost packet, not a state. */
const GRACE_MS = 500;

/**
 * Tells when no server can be written to any more, after a moment of grace, and when one can again.
 *
 * @returns a function that ends it.
 */
export function followTopology(client: mongo.MongoClient, tell: (isReachable: boolean) => void): () => void {
  let pending: NodeJS.Timeout | undefined;
  const onChange = ({ newDescription }: mongo.TopologyDescriptionChangedEvent) => {
    if ([...newDescription.servers.values()].some((server) => server.isWritable)) {
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
