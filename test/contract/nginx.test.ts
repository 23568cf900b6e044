import { nginxDaemon } from '../rigs/nginx-site.ts';
import { connectorContract } from './connector.ts';

connectorContract(nginxDaemon);
