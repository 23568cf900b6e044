import { spawn } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { freePort } from '../../../cli/demo/free-port.ts';
import type { Pebble } from './pebble.ts';

/** The exit code of a tool, and all that it printed. */
export interface ToolResult {
  readonly code: number | null;
  readonly output: string;
}

/** A renewal tool with its files in a scratch folder. */
export interface RenewalTool {
  /** The folder for `certferry hook install --folder`. */
  readonly hookFolder: string;
  /** The file with the certificate and its chain. */
  readonly certificate: string;
  /** Requests the first certificate. */
  issue(): Promise<ToolResult>;
  /** Requests the next certificate. The tool then calls its hook. */
  renew(): Promise<ToolResult>;
}

interface Place {
  readonly folder: string;
  readonly name: string;
  readonly pebble: Pebble;
}

const email = 'ops@example.com';

/** It runs each program in the folder of its hooks after a renewal. */
export async function certbot({ folder, name, pebble }: Place): Promise<RenewalTool> {
  const config = join(folder, 'letsencrypt');
  const folders = [
    '--config-dir',
    config,
    '--work-dir',
    join(folder, 'work'),
    '--logs-dir',
    join(folder, 'logs'),
  ];
  const port = String(await freePort());
  const run = (...args: string[]) =>
    ended('certbot', [...args, ...folders, '--non-interactive'], { REQUESTS_CA_BUNDLE: pebble.root });
  const authenticator = ['--standalone', '--http-01-port', port, '--http-01-address', '127.0.0.1'];
  return {
    hookFolder: config,
    certificate: join(config, 'live', name, 'fullchain.pem'),
    issue: () =>
      run('certonly', ...authenticator, '--server', pebble.directory, '-m', email, '--agree-tos', '-d', name),
    renew: () => run('renew', '--force-renewal', '--no-random-sleep-on-renew'),
  };
}

/** Version 4. Its hook is an option of each command. */
export async function lego({ folder, name, pebble }: Place): Promise<RenewalTool> {
  const [path, hookFolder] = [join(folder, 'lego'), join(folder, 'hooks')];
  mkdirSync(hookFolder);
  const port = await freePort();
  const run = (...command: string[]) =>
    ended(
      'lego',
      ['--server', pebble.directory, '--email', email, '--accept-tos', '--domains', name, '--path', path]
        .concat(['--http', '--http.port', `127.0.0.1:${port}`])
        .concat(command),
      { LEGO_CA_CERTIFICATES: pebble.root },
    );
  return {
    hookFolder,
    certificate: join(path, 'certificates', `${name}.crt`),
    issue: () => run('run'),
    // more days than the certificate has left
    renew: () =>
      run('renew', '--days', '1000', '--no-random-sleep', '--renew-hook', join(hookFolder, 'lego-hook')),
  };
}

/** It calls one hook for every operation. */
export async function dehydrated({ folder, name, pebble }: Place): Promise<RenewalTool> {
  const base = join(folder, 'dehydrated');
  const wellKnown = join(base, 'well-known');
  mkdirSync(wellKnown, { recursive: true });
  const config = join(base, 'config');
  const options = (hook: string) =>
    writeFileSync(
      config,
      [
        `CA=${pebble.directory}`,
        `CONTACT_EMAIL=${email}`,
        `WELLKNOWN=${wellKnown}`,
        `CURL_OPTS="--cacert ${pebble.root}"`,
        hook,
      ].join('\n'),
    );
  const run = (...args: string[]) => ended('dehydrated', ['--config', config, ...args], {});
  return {
    hookFolder: base,
    certificate: join(base, 'certs', name, 'fullchain.pem'),
    async issue() {
      options('');
      writeFileSync(join(base, 'domains.txt'), `${name}\n`);
      const registered = await run('--register', '--accept-terms');
      return registered.code === 0 ? run('--cron') : registered;
    },
    renew() {
      options(`HOOK="${join(base, 'certferry-hook')}"`);
      return run('--cron', '--force');
    },
  };
}

/** Runs a program to its end. The environment has no HTTP proxy, because Pebble is on a loopback port. */
async function ended(
  file: string,
  args: readonly string[],
  environment: NodeJS.ProcessEnv,
): Promise<ToolResult> {
  const child = spawn(file, args, {
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LC_ALL: 'C.UTF-8', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const code = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', resolve);
  });
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { code: await code, output: `${out}${err}` };
}
