import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { startBuiltinServer } from '../../cli/demo/builtin-server.ts';
import { type DemoServer, serverName } from '../../cli/demo/demo-server.ts';
import type { IssuedCertificate } from '../../cli/demo/throwaway-ca.ts';
import type { Target } from '../../core/targets/target.ts';
import { aVersion } from '../fixtures/certificates.ts';

export interface ProcessResult {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

/** Runs the installed command (the file of `bin`) in its own process. Its state folder is `state` below `cwd`. */
export async function certferry(args: readonly string[], cwd: string): Promise<ProcessResult> {
  const file = join(import.meta.dirname, '../../cli/certferry.mjs');
  const child = spawn(process.execPath, [file, ...args], {
    cwd,
    env: { ...process.env, TMPDIR: cwd, FORCE_COLOR: '', CERTFERRY_STATE: join(cwd, 'state') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  // a stack trace is a defect: show it in the output of the test
  if (err.includes('    at ')) process.stderr.write(err);
  return { code, out, err };
}

/** A folder with a server, a targets file and a state folder, in which `certferry` runs. */
export async function aWorkplace(config: (usual: Target['config']) => object = (usual) => usual) {
  const folder = mkdtempSync(join(tmpdir(), 'certferry-test-'));
  const server = await startBuiltinServer(folder);
  const target = { ...server.target, config: config(server.target.config) };
  const far = { ...target, id: 'far-1', certificate: 'far.example.com', host: 'i-0123456789abcdef0' };
  const place = {
    folder,
    server,
    certificate: serverName,
    issue: () => aVersion({ names: [serverName] }),
    run: (...args: string[]) => certferry(args, folder),
    /** Deploys a version with further options. */
    deploy: (version: Pick<IssuedCertificate, 'fullchainPem' | 'keyPem'>, ...more: string[]) => {
      writeFileSync(join(folder, 'cert.pem'), version.fullchainPem);
      writeFileSync(join(folder, 'key.pem'), version.keyPem, { mode: 0o600 });
      return certferry([...deployWords, ...more], folder);
    },
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true });
    },
  };
  writeFileSync(join(folder, 'targets.json'), JSON.stringify({ targets: [target, far] }));
  return place;
}

const deployWords = ['deploy', '--local', '--targets', 'targets.json', '--certificate', serverName].concat([
  '--cert',
  'cert.pem',
  '--key',
  'key.pem',
]);

/** The endpoint of the target of a server. */
export function endpointOf({ target: { verify } }: DemoServer): string {
  if (verify === 'none') throw new Error('the demo verifies');
  return verify.endpoint;
}
