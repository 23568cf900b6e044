import { existsSync, readFileSync } from 'node:fs';
import type { AgentLine } from '../../core/deployment/agent-line.ts';
import type { JobHeader } from '../../core/deployment/job.ts';
import { onDeployedSeconds } from '../../core/targets/on-deployed.ts';
import type { Home } from '../host/home.ts';
import { describeCommand, runCommand, succeeded } from '../host/run-command.ts';
import { privateFolderIn, writeRecord } from '../host/space-reserve.ts';
import { resultLine } from '../journal/result-line.ts';

/**
 * Job `onDeployed`: runs the commands of the target one after the other, each within its time. A failed command becomes a warning, and
 * the next one runs. The id of the deployment is on the disk before the first command starts, so a repeated job runs nothing: at
 * most once.
 */
export async function onDeployed(
  home: Home,
  header: JobHeader,
  commands: readonly (readonly string[])[],
): Promise<AgentLine> {
  const { deploymentId, targetId } = header;
  const { root, onDeployed: record } = home.target(targetId);
  if (existsSync(record) && readFileSync(record, 'utf8') === deploymentId) {
    return resultLine(header, {
      outcome: 'commands_run',
      summary: 'the commands were started by an earlier job of this deployment',
      warnings: [
        'onDeployed: the commands were started before, with an unknown result; they did not run again',
      ],
    });
  }
  privateFolderIn(home, root);
  writeRecord(home, record, deploymentId);
  const warnings: string[] = [];
  for (const argv of commands) {
    const command = await runCommand(argv, onDeployedSeconds);
    if (!succeeded(command)) warnings.push(`onDeployed: ${describeCommand(command)}`);
  }
  const summary = `${commands.length - warnings.length} of ${commands.length} commands succeeded`;
  return resultLine(header, { outcome: 'commands_run', summary, warnings });
}
