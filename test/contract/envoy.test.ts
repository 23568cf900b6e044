import { envoyStandIn } from '../daemons/envoy.ts';
import { connectorContract } from './connector.ts';
import { killedContract } from './killed.ts';
import { oneMoveContract } from './one-move.ts';

connectorContract(envoyStandIn);
oneMoveContract(envoyStandIn);
killedContract(envoyStandIn, { window: /^rename\(.*cert\.pem/ });
