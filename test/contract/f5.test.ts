import { bigIpUnderContract } from '../rigs/big-ip-contract.ts';
import { storeContract } from './store-contract.ts';

storeContract(bigIpUnderContract());
