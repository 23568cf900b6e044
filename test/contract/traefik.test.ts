import { traefikStandIn } from '../rigs/traefik.ts';
import { connectorContract } from './connector.ts';
import { oneMoveContract } from './one-move.ts';

connectorContract(traefikStandIn);
oneMoveContract(traefikStandIn);
