import { dovecotDaemon } from '../daemons/dovecot.ts';
import { connectorContract } from './connector.ts';

connectorContract(dovecotDaemon);
