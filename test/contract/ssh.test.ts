import { afterAll } from 'vitest';
import { sshStore } from '../rigs/ssh-store.ts';
import { storeContract } from './store-contract.ts';

const { under, stop } = sshStore();
afterAll(stop);

storeContract(under);
