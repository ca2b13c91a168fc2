import { takeRawBodies } from '../../http/body.ts';
import type { HttpPorts } from '../../http/http-ports.ts';
import { type HttpInterface, type HttpServer, RoutedServer } from '../../http/routed-server.ts';
import { type ChainNode, chainMembership } from './chain-membership.ts';
import { miniKvRoutes } from './routes.ts';

/** The interface of MiniKV: `docs/minikv.md`. */
const MINIKV_INTERFACE: HttpInterface = {
  routes: [miniKvRoutes],
  routedUrl: (url) => url,
  prepare: takeRawBodies,
  problemType: 'application/json; charset=utf-8',
};

/** @returns the HTTP side once its routes are complete */
export function loadMiniKv(ports: HttpPorts): Promise<HttpServer> {
  return RoutedServer.create(ports, MINIKV_INTERFACE);
}

/** The same for a node of a chain, which takes other nodes into it. */
export function miniKvChain(own: ChainNode): (ports: HttpPorts) => Promise<HttpServer> {
  const routes = [...MINIKV_INTERFACE.routes, chainMembership(own)];
  return (ports) => RoutedServer.create(ports, { ...MINIKV_INTERFACE, routes });
}
