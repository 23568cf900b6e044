import { caddyDaemons } from '../rigs/caddy-site.ts';
import { connectorContract } from './connector.ts';

for (const daemon of Object.values(caddyDaemons)) connectorContract(daemon);
