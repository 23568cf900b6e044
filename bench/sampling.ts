/** `npm run bench:sampling`: the time that 12 handshakes add to a deployment, on a healthy endpoint of this machine. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../cli/demo/free-port.ts';
import { usualSuccessThreshold } from '../core/targets/success-threshold.ts';
import { Verify } from '../core/targets/verify.ts';
import { probe } from '../core/tls-probe/probe.ts';
import { aTarget, runAgentWith, testHost } from '../test/agent-scripts/run-agent.ts';
import { served } from '../test/core/tls-probe/endpoints.ts';
import { aVersion } from '../test/fixtures/certificates.ts';
import { measureInTurn, show, type Timing } from './measure.ts';

const rounds = 15;

/** A TLS server in a process of its own, as a daemon is. */
const server = `
  const { port, pair } = JSON.parse(process.env.SETTINGS);
  require('node:tls')
    .createServer(pair, (socket) => socket.on('error', () => {}).resume())
    .listen(port, '127.0.0.1', () => console.log('listening'));`;

const folder = mkdtempSync(join(tmpdir(), 'certferry-bench-'));
const version = await aVersion();
const port = await freePort();
const child = spawn(process.execPath, ['-e', server], {
  env: { SETTINGS: JSON.stringify({ port, pair: served(version) }) },
  stdio: ['ignore', 'pipe', 'inherit'],
});
try {
  await once(child.stdout, 'data');
  const verifyWith = (successThreshold: number) =>
    Verify.parse({ endpoint: `127.0.0.1:${port}`, serverName: 'www.example.test', successThreshold });
  const probes = await measureInTurn(rounds, {
    one: () => probe({ verify: verifyWith(1), version: null }),
    all: () => probe({ verify: verifyWith(usualSuccessThreshold), version: null }),
  });
  print('probe, in a running process', probes);
  print('deployment by the agent', await deployments(verifyWith));
} finally {
  child.kill();
  rmSync(folder, { recursive: true, force: true });
}

/** The agent installs files that the server does not read, so it serves the version from the first poll on. */
async function deployments(verifyWith: (successThreshold: number) => Verify) {
  const deploymentWith = (name: string, successThreshold: number) => {
    const host = testHost(join(folder, `home-${name}`));
    const site = join(folder, name);
    mkdirSync(site);
    return async (round: number) => {
      const [certPath, keyPath] = [join(site, `cert-${round}.pem`), join(site, `key-${round}.pem`)];
      const config = { certPath, keyPath, reloadCommand: ['true'] };
      const target = aTarget('files', config, verifyWith(successThreshold));
      const job = await host.jobText('deploy', { target, version });
      const started = performance.now();
      const { line } = await runAgentWith(host.home, job);
      const took = performance.now() - started;
      host.received(line);
      if (line?.served !== true) throw new Error(`not served: ${line?.summary}`);
      return took;
    };
  };
  return measureInTurn(rounds, {
    one: deploymentWith('one', 1),
    all: deploymentWith('all', usualSuccessThreshold),
  });
}

function print(title: string, { one, all }: Record<'one' | 'all', Timing>): void {
  const added = all.median - one.median;
  console.log(`${title}, 1 handshake    ${show(one)}`);
  console.log(`${title}, ${usualSuccessThreshold} handshakes  ${show(all)}`);
  console.log(`added ${added.toFixed(1)} ms, ratio ${(all.median / one.median).toFixed(2)}`);
}
