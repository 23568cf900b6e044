import { filesDaemon } from '../rigs/files-site.ts';
import { connectorContract } from './connector.ts';

connectorContract(filesDaemon);
