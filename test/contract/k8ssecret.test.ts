import { startStrictCluster } from '../rigs/kubernetes.ts';
import { secretStore } from '../rigs/secret-contract.ts';
import { secretsOn } from './secrets-on.ts';
import { storeContract } from './store-contract.ts';

storeContract(secretStore('k8ssecret', startStrictCluster));
secretsOn('the strict server', startStrictCluster);
