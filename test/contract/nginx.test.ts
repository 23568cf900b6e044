import { nginxDaemon } from '../daemons/nginx-site.ts';
import { connectorContract } from './connector.ts';

connectorContract(nginxDaemon);
