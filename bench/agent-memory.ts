import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../cli/demo/throwaway-ca.ts';
import { aTarget, testHost } from '../test/agent-scripts/run-agent.ts';

/** The peak resident memory of the agent during a deployment of files, with a 4,096-bit RSA key. */
export async function agentMemory(folder: string): Promise<string[]> {
  const [report, peak] = [join(folder, 'report-peak.cjs'), join(folder, 'peak')];
  writeFileSync(
    report,
    `process.on('exit', () => require('node:fs').writeFileSync('${peak}', String(process.resourceUsage().maxRSS)));`,
  );
  const authority = await createAuthority({ name: 'Bench', intermediate: true });
  const version = await authority.issue({ names: ['www.example.test'], keyType: 'rsa4096' });
  const host = testHost(join(folder, 'memory'));
  const target = aTarget('files', {
    certPath: join(folder, 'memory-cert.pem'),
    keyPath: join(folder, 'memory-key.pem'),
    reloadCommand: ['true'],
  });
  const { line } = await host.run('deploy', { target, version }, ['env', `NODE_OPTIONS=--require ${report}`]);
  if (line?.outcome !== 'applied') throw new Error(`the agent did not deploy: ${line?.summary}`);
  // maxRSS is in KiB (nodejs.org/api/process.html#processresourceusage)
  return [`peak memory of the agent          ${Math.round(Number(readFileSync(peak, 'utf8')) / 1024)} MiB`];
}
