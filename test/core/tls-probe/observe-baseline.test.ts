import { expect, test } from 'vitest';
import { freePort } from '../../../cli/demo/free-port.ts';
import { Baseline } from '../../../core/deployment/baseline.ts';
import { Verify } from '../../../core/targets/verify.ts';
import { observeBaseline } from '../../../core/tls-probe/observe-baseline.ts';
import { aVersion } from '../../fixtures/certificates.ts';
import { served } from './endpoints.ts';
import { useEndpoints } from './use-endpoints.ts';

const { serve, serveRaw } = useEndpoints();
const verifyAt = (port: number) => Verify.parse({ endpoint: `127.0.0.1:${port}`, successThreshold: 5 });

test('A baseline contains what each address serves, whoever issued it.', async () => {
  const version = await aVersion();
  const { port } = await serve(served(version));

  const baseline = await observeBaseline(verifyAt(port), 'host');

  expect(baseline).toEqual({
    from: 'host',
    addresses: [{ address: `127.0.0.1:${port}`, fingerprint: version.fingerprint, problem: null }],
  });
});

test('A baseline names the problem of an endpoint without a listener, and does not throw.', async () => {
  const port = await freePort();

  const baseline = await observeBaseline(verifyAt(port), 'lambda');

  expect(baseline?.addresses).toEqual([
    { address: `127.0.0.1:${port}`, fingerprint: null, problem: 'connection refused' },
  ]);
});

test('A baseline names the problem of a name that does not resolve, in at most 120 characters.', async () => {
  const endpoint = `${'name.'.repeat(45)}invalid:443`;

  const baseline = await observeBaseline(Verify.parse({ endpoint }), 'lambda');

  expect(Baseline.parse(baseline).addresses).toMatchObject([{ address: endpoint, fingerprint: null }]);
  expect(baseline?.addresses[0]?.problem?.length).toBeLessThanOrEqual(120);
});

test('A baseline ends at its own timeout when a server accepts connections and stays silent.', async () => {
  const { port } = await serveRaw(() => {});

  const baseline = await observeBaseline({ ...verifyAt(port), timeoutSeconds: 60 }, 'host');

  expect(baseline?.addresses).toMatchObject([{ fingerprint: null, problem: 'no answer within 1 s' }]);
});

test('A target with verify: none has no baseline.', async () => {
  expect(await observeBaseline('none', 'host')).toBeNull();
});
