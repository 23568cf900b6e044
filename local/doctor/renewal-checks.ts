import { existsSync, globSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Check, type Finding, failed, listed, nothing, passed, performCheck } from '../../core/check.ts';
import { isExecutable } from '../../core/paths/is-executable.ts';
import { notPerformed } from './not-performed.ts';

/** A program that renews certificates, and the files from which it starts other programs. Paths are below `/`. */
interface RenewalProgram {
  /** A folder or file that exists if the program has certificates here. */
  readonly trace: string;
  /** Patterns of executable hooks. */
  readonly hooks: readonly string[];
  /** Patterns of configuration files that contain a command. */
  readonly settings: readonly string[];
}

/** `home`: the home folder of this user, without the first slash. */
const programs = (home: string): Readonly<Record<string, RenewalProgram>> => ({
  // https://eff-certbot.readthedocs.io/en/stable/using.html#renewing-certificates
  certbot: {
    trace: 'etc/letsencrypt/renewal',
    hooks: ['etc/letsencrypt/renewal-hooks/{deploy,post}/*'],
    settings: ['etc/letsencrypt/renewal/*.conf', 'etc/letsencrypt/cli.ini'],
  },
  // https://github.com/acmesh-official/acme.sh/wiki/Using-pre-hook-post-hook-renew-hook-reloadcmd
  'acme.sh': { trace: `${home}/.acme.sh/account.conf`, hooks: [], settings: [`${home}/.acme.sh/*/*.conf`] },
  // https://github.com/dehydrated-io/dehydrated/blob/master/docs/examples/config
  dehydrated: {
    trace: 'etc/dehydrated/config',
    hooks: ['etc/dehydrated/hook.sh', 'etc/dehydrated/conf.d/*'],
    settings: ['etc/dehydrated/config'],
  },
});

/** Whether the programs that renew certificates on this machine start certferry. `root` stands for `/`. */
export async function renewalChecks(root: string, home = homedir()): Promise<Check[]> {
  return [await performCheck('renewal hooks', () => checkHooks(root, home), notPerformed)];
}

function checkHooks(root: string, home: string): Finding {
  const found = Object.entries(programs(home.replace(/^\//, ''))).filter(([, { trace }]) =>
    existsSync(join(root, trace)),
  );
  if (found.length === 0) {
    return nothing(
      'no certbot, acme.sh or dehydrated found',
      'Let the program that renews certificates start certferry hook.',
    );
  }
  const names = (entries: typeof found) => listed(entries.map(([name]) => name));
  const without = found.filter(([, program]) => !startsCertferry(root, program));
  if (without.length === 0) return passed(`${names(found)} starts certferry`);
  return failed(
    `${names(without)} renews certificates and does not start certferry`,
    `Write the hook: ${without.map(([name]) => `certferry hook install ${name}`).join(', ')}. A hook of your own must be executable.`,
  );
}

function startsCertferry(root: string, { hooks, settings }: RenewalProgram): boolean {
  const matches = (patterns: readonly string[]) =>
    patterns.flatMap((pattern) => [...globSync(pattern, { cwd: root })].map((path) => join(root, path)));
  return (
    matches(hooks).some((path) => isExecutable(path) && mentionsCertferry(path)) ||
    matches(settings).some(mentionsCertferry)
  );
}

/** acme.sh writes commands in base64, between two marks. */
function mentionsCertferry(path: string): boolean {
  const text = readFileSync(path, 'utf8');
  const encoded = [...text.matchAll(/__ACME_BASE64__START_([\w+/=]*)__ACME_BASE64__END_/g)];
  const commands = encoded.map(([, base64 = '']) => Buffer.from(base64, 'base64').toString());
  return [text, ...commands].some((one) => /\bcertferry\b/.test(one));
}
