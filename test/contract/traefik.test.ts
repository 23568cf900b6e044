import { traefikStandIn } from '../daemons/traefik.ts';
import { connectorContract } from './connector.ts';
import { killedContract } from './killed.ts';
import { oneMoveContract } from './one-move.ts';

connectorContract(traefikStandIn);
oneMoveContract(traefikStandIn);
killedContract(traefikStandIn, { window: /^rename\(.*cert\.pem/ });
