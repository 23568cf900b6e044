import { readFileSync } from 'node:fs';
import { release, type } from 'node:os';
import { dirname } from 'node:path';
import { region } from '../base/published-events.ts';
import type { CommandRecord } from './command-records.ts';
import type { ssmAgent } from './ssm-agent.ts';

type ScriptEnvironment = Record<(typeof ssmAgent.environment.value)[number], string>;

/** The environment of a script: nothing of the shell that started certferry. The Node of certferry is first on the PATH. */
export function scriptEnvironment({ commandId, host, parameters }: CommandRecord): ScriptEnvironment {
  const { name, version } = platform();
  return {
    PATH: `${dirname(process.execPath)}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`,
    // the agent compares it with the host for which a job was signed
    AWS_SSM_INSTANCE_ID: host,
    AWS_SSM_REGION_NAME: region,
    AWS_SSM_PLATFORM_NAME: name,
    AWS_SSM_PLATFORM_VERSION: version,
    SSM_COMMAND_ID: commandId,
    SSM_Job: parameters.Job[0],
  };
}

/** Name and version as in os-release(5); those of the kernel where the file does not exist. */
function platform(): { readonly name: string; readonly version: string } {
  let text = '';
  try {
    text = readFileSync('/etc/os-release', 'utf8');
  } catch {
    // not on every system
  }
  const field = (key: string) => new RegExp(`^${key}="?([^"\\n]*)"?$`, 'm').exec(text)?.[1];
  return { name: field('NAME') ?? type(), version: field('VERSION_ID') ?? release() };
}
