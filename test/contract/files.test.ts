import { filesDaemon } from '../daemons/files-site.ts';
import { connectorContract } from './connector.ts';

connectorContract(filesDaemon);
