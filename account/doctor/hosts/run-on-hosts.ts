import {
  type CommandInvocation,
  InvalidInstanceId,
  paginateListCommandInvocations,
  SendCommandCommand,
  type SSMClient,
} from '@aws-sdk/client-ssm';
import { timeBudgets } from '../../../core/time-budgets.ts';
import { hasEnded } from '../../../services/ssm/commands.ts';

/** How the script ended on one host. `output`: at most 2,500 characters. */
export interface HostAnswer {
  readonly host: string;
  /** The status detail of SSM without spaces. */
  readonly status: string;
  readonly output: string;
}

interface RunOptions {
  readonly documentName: string;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly onProgress: (progress: { readonly ended: number; readonly total: number }) => void;
}

/** SSM's maximum number of ids in one command. */
const batchSize = 50;
const pollMilliseconds = { first: 500, maximum: 4000 };
/** The timeout of the document, and time to report the end. */
const runSeconds = 60 + 30;

/**
 * Runs the document without parameters on all hosts at once. A host that has not ended when the command has expired keeps
 * its last status.
 */
export async function runOnHosts(
  ssm: SSMClient,
  hosts: readonly string[],
  options: RunOptions,
): Promise<HostAnswer[]> {
  const answers = new Map<string, HostAnswer>(
    hosts.map((host) => [host, { host, status: 'NotReported', output: '' }]),
  );
  const running = new Set<string>();
  for (let at = 0; at < hosts.length; at += batchSize) {
    const sent = await send(ssm, options.documentName, hosts.slice(at, at + batchSize));
    for (const id of sent.commandIds) running.add(id);
    for (const host of sent.refused) answers.set(host, { host, status: 'InvalidInstanceId', output: '' });
  }
  await collect(ssm, running, answers, options);
  return [...answers.values()];
}

/** Reads the commands until all have ended, or the time is over. */
async function collect(
  ssm: SSMClient,
  running: Set<string>,
  answers: Map<string, HostAnswer>,
  { sleep, onProgress }: RunOptions,
): Promise<void> {
  let left = (timeBudgets.queue + runSeconds) * 1000;
  for (let pause = pollMilliseconds.first; running.size > 0 && left > 0; pause = nextPause(pause)) {
    await sleep(pause);
    left -= pause;
    for (const commandId of [...running]) {
      const found = await read(ssm, commandId);
      for (const answer of found) answers.set(answer.host, answer);
      if (found.length > 0 && found.every(({ status }) => hasEnded(status))) running.delete(commandId);
    }
    const ended = [...answers.values()].filter(({ status }) => hasEnded(status)).length;
    onProgress({ ended, total: answers.size });
  }
}

const nextPause = (pause: number) => Math.min(pause * 2, pollMilliseconds.maximum);

/** One unknown id fails the whole request: the ids are then split in halves. */
async function send(
  ssm: SSMClient,
  documentName: string,
  hosts: readonly string[],
): Promise<{ readonly commandIds: string[]; readonly refused: string[] }> {
  try {
    const { Command } = await ssm.send(
      new SendCommandCommand({
        DocumentName: documentName,
        DocumentVersion: '$DEFAULT',
        InstanceIds: [...hosts],
        TimeoutSeconds: timeBudgets.queue,
        MaxConcurrency: '100%',
        MaxErrors: '100%',
        Comment: 'certferry doctor: checks this host and changes nothing',
      }),
    );
    return { commandIds: Command?.CommandId === undefined ? [] : [Command.CommandId], refused: [] };
  } catch (error) {
    if (!(error instanceof InvalidInstanceId)) throw error;
    if (hosts.length === 1) return { commandIds: [], refused: [...hosts] };
    const half = Math.ceil(hosts.length / 2);
    const parts = [
      await send(ssm, documentName, hosts.slice(0, half)),
      await send(ssm, documentName, hosts.slice(half)),
    ];
    return {
      commandIds: parts.flatMap(({ commandIds }) => commandIds),
      refused: parts.flatMap(({ refused }) => refused),
    };
  }
}

async function read(ssm: SSMClient, CommandId: string): Promise<HostAnswer[]> {
  const found: HostAnswer[] = [];
  const pages = paginateListCommandInvocations(
    { client: ssm, pageSize: batchSize },
    { CommandId, Details: true },
  );
  for await (const { CommandInvocations = [] } of pages) found.push(...CommandInvocations.map(answerOf));
  return found;
}

function answerOf({ InstanceId = '', StatusDetails, Status, CommandPlugins }: CommandInvocation): HostAnswer {
  return {
    host: InstanceId,
    status: (StatusDetails || Status || '').replaceAll(' ', ''),
    output: CommandPlugins?.[0]?.Output ?? '',
  };
}
