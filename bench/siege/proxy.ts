import { type Manner, TcpProxy } from '../../test/support/tcp-proxy.js';

/** What the proxy's process is told: where to lead to, how to behave, to break what there is. */
export type ProxyOrder =
  | { readonly does: 'lead'; readonly target: number }
  | { readonly does: 'become'; readonly manner: Manner }
  | { readonly does: 'cut' };

let proxy: TcpProxy | undefined;

async function obey(order: ProxyOrder): Promise<void> {
  if (order.does === 'lead') proxy = await TcpProxy.start(order.target);
  if (order.does === 'become') await proxy!.become(order.manner);
  if (order.does === 'cut') proxy!.cut();
  process.send!({ port: proxy!.port });
}

process.on('message', (order: ProxyOrder) => void obey(order));
