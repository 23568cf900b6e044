import { haproxyDaemons } from '../daemons/haproxy-site.ts';
import { connectorContract } from './connector.ts';

for (const daemon of Object.values(haproxyDaemons)) connectorContract(daemon);
