/** By way of a port, and not as a member of its set, whose other name would lead around it. */
export function through(uri: string, port: number): string {
  const url = new URL(uri);
  url.port = String(port);
  url.searchParams.delete('replicaSet');
  url.searchParams.set('directConnection', 'true');
  return url.href;
}
