import { connectorContract } from '../contract/connector.ts';
import { killedContract } from '../contract/killed.ts';
import { oneMoveContract } from '../contract/one-move.ts';
import { traefikDaemon } from '../daemons/traefik.ts';
import { fetched, traefikProgram } from './programs.ts';

const needs = [fetched(traefikProgram)];
const window = /^rename\(.*cert\.pem/;

for (const watch of ['filename', 'directory'] as const) {
  const daemon = traefikDaemon(traefikProgram, needs, watch);
  connectorContract(daemon);
  oneMoveContract(daemon);
  if (watch === 'filename') killedContract(daemon, { window });
}
