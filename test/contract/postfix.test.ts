import { postfixDaemons } from '../daemons/postfix.ts';
import { connectorContract } from './connector.ts';

connectorContract(postfixDaemons.chainFiles);
connectorContract(postfixDaemons.pair);
connectorContract(postfixDaemons.separateChain);
