import { startStrictCluster } from '../rigs/kubernetes.ts';
import { secretsOn } from './secrets-on.ts';

secretsOn('the strict server', startStrictCluster);
