import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createAuthority } from '../cli/demo/throwaway-ca.ts';
import { readAgentLine } from '../core/deployment/agent-line.ts';
import { readDocument } from '../local/ssm/document.ts';
import { aTarget, testHost } from '../test/agent-scripts/run-agent.ts';
import { signedOpenJob, testAgentEnvironment, testHostId, testKey } from '../test/fixtures/signed-jobs.ts';
import { nginxIn } from '../test/rigs/nginx.ts';
import { measureInTurn, runProgram, show } from './measure.ts';

const rounds = 15;
const agent = join(import.meta.dirname, '../dist/agent/agent.cjs');

/** The time from the start of the agent to its result, for a repeated enrolment, compared with an empty Node process. */
export async function agentStart(folder: string): Promise<string[]> {
  const home = join(folder, 'start');
  const header = {
    v: 1,
    action: 'enroll',
    deploymentId: 'b',
    targetId: 'b',
    fence: 0,
    expiresAt: 9_999_999_999,
  } as const;
  const jobs: string[] = [];
  // a host accepts each signed job once
  for (let round = 0; round <= rounds * 2; round += 1)
    jobs.push(await signedOpenJob({ header, probe: null }));
  const env = (round: number) => ({
    PATH: process.env.PATH,
    CERTFERRY_HOME: home,
    CERTFERRY_JOB: jobs[round],
    ...testAgentEnvironment,
    NODE_COMPILE_CACHE: join(home, 'compiled'),
  });
  const times = await measureInTurn(rounds * 2, {
    bare: () => void runProgram(process.execPath, ['-e', '0']),
    agent: (round) => void runProgram(process.execPath, [agent], { env: env(round) }),
  });
  return [
    `node -e 0                         ${show(times.bare)}`,
    `agent, start to result            ${show(times.agent)}`,
    `ratio                             ${(times.agent.median / times.bare.median).toFixed(2)}  (target: at most 2)`,
  ];
}

/** A complete deployment on the host, from the script of the SSM document to the result, compared with a shell script. */
export async function hostDeploy(folder: string): Promise<string[]> {
  const authority = await createAuthority({ name: 'Bench', intermediate: true });
  const version = () => authority.issue({ names: ['www.example.test'] });
  const site = async (name: string) => {
    const root = join(folder, name);
    mkdirSync(root);
    const nginx = await nginxIn(root);
    const first = await version();
    writeFileSync(nginx.certPath, first.fullchainPem);
    writeFileSync(nginx.keyPath, first.keyPem, { mode: 0o600 });
    await nginx.start();
    return { root, nginx };
  };
  const [bare, plain, seen] = [await site('bare'), await site('plain'), await site('seen')];
  const script = join(folder, 'renew.sh');
  const { certPath, keyPath, conf } = bare.nginx;
  const steps = [
    `cp "$1" ${certPath}.new`,
    `cp "$2" ${keyPath}.new`,
    `nginx -c ${conf} -t 2>/dev/null`,
    `mv ${keyPath}.new ${keyPath}`,
    `mv ${certPath}.new ${certPath}`,
    `nginx -c ${conf} -s reload`,
  ];
  writeFileSync(script, `set -e\n${steps.join('\n')}\n`);
  const document = readDocument();
  const deployment = async ({ root, nginx }: typeof plain, verify: object | 'none') => {
    const home = join(root, 'home');
    const host = testHost(home);
    const target = aTarget('nginx', nginxConfig(nginx), verify);
    const file = join(root, 'document.sh');
    writeFileSync(
      file,
      document.scriptFor({ home, role: 'jobs', agent: 'agent', jobKeys: testKey.publicKeys }).text,
    );
    const env = (job: string) => ({
      PATH: `${join(process.execPath, '..')}:${process.env.PATH}`,
      AWS_SSM_INSTANCE_ID: testHostId,
      SSM_Job: job,
    });
    // only the host is measured, without sealing
    return async () => {
      const job = await host.jobText('deploy', { target, version: await version() });
      const started = performance.now();
      const stdout = runProgram('sh', [file], { env: env(job) });
      const took = performance.now() - started;
      host.received(readAgentLine(stdout));
      expectApplied(stdout);
      return took;
    };
  };
  const files = await Promise.all(
    Array.from({ length: rounds + 1 }, async (_, round) => {
      const issued = await version();
      const paths = [join(folder, `cert-${round}.pem`), join(folder, `key-${round}.pem`)] as const;
      writeFileSync(paths[0], issued.fullchainPem);
      writeFileSync(paths[1], issued.keyPem, { mode: 0o600 });
      return paths;
    }),
  );
  const verify = { endpoint: `127.0.0.1:${seen.nginx.port}`, serverName: 'www.example.test' };
  const times = await measureInTurn(rounds, {
    script: (round) => void runProgram('sh', [script, ...(files[round] ?? [])]),
    agent: await deployment(plain, 'none'),
    agentAndSeen: await deployment(seen, verify),
  });
  for (const { nginx } of [bare, plain, seen]) await nginx.stop();
  const over = times.agent.median - times.script.median;
  return [
    `shell script (cp, nginx -t, mv, reload)          ${show(times.script)}`,
    `document, agent: validation, journal, backup      ${show(times.agent)}`,
    `difference to the script                          ${over.toFixed(0)} ms  (target: at most 150)`,
    `the same, with a probe until nginx serves it    ${show(times.agentAndSeen)}`,
  ];
}

function expectApplied(stdout: string): void {
  if (!stdout.includes('"outcome":"applied"')) throw new Error(`the deployment was not applied: ${stdout}`);
}

function nginxConfig({
  certPath,
  keyPath,
  validateCommand,
  reloadCommand,
}: Awaited<ReturnType<typeof nginxIn>>): object {
  return { certPath, keyPath, validateCommand, reloadCommand };
}
