import { traefikStandIn } from '../rigs/traefik.ts';
import { connectorContract } from './connector.ts';
import { singleReplacementContract } from './single-replacement.ts';

connectorContract(traefikStandIn);
singleReplacementContract(traefikStandIn);
