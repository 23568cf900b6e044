import { startAcmServer } from '../../fakes/acm-server.ts';
import { acmContract } from './acm-contract.ts';

acmContract('the strict server', async () => {
  const { endpoint, close } = await startAcmServer('us-east-1');
  return { endpoint, stop: close };
});
