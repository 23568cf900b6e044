import { connectorContract } from '../contract/connector.ts';
import { killedContract } from '../contract/killed.ts';
import { oneMoveContract } from '../contract/one-move.ts';
import { envoyDaemon } from '../daemons/envoy.ts';
import { envoyProgram, fetched } from './programs.ts';

const needs = [fetched(envoyProgram)];
const window = /^rename\(.*cert\.pem/;

for (const watched of ['sds', 'files'] as const) {
  const daemon = envoyDaemon(envoyProgram, needs, watched);
  connectorContract(daemon);
  oneMoveContract(daemon);
  if (watched === 'sds') killedContract(daemon, { window });
}
