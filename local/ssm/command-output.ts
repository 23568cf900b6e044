import { closeSync, openSync, readSync } from 'node:fs';
import { type CommandRecord, commandFiles } from './command-records.ts';
import { ssmAgent } from './ssm-agent.ts';

interface CommandOutput {
  readonly output: string;
  readonly errors: string;
}

/** What SSM returns of the two streams of a command. Nothing before its end, or if its worker died. */
export function readCommandOutput({ end }: CommandRecord, folder: string): CommandOutput {
  const nothing = ssmAgent.outputAtTheEnd.value;
  if (end === null || end.workerDied === true) return { output: nothing, errors: nothing };
  const { stdout, stderr } = commandFiles(folder);
  const addition = end.status === 'Failed' ? `${ssmAgent.failureText.value}${end.responseCode}` : '';
  const { output, errors } = ssmAgent.returnedOutput.value;
  return {
    output: cut(readStart(stdout)).slice(0, output),
    errors: cut(Buffer.concat([readStart(stderr), Buffer.from(addition)])).slice(0, errors),
  };
}

function cut(stream: Buffer): string {
  const { bytes, mark } = ssmAgent.outputCut.value;
  if (stream.length < bytes) return stream.toString('utf8');
  return `${stream.toString('utf8', 0, bytes - mark.length)}${mark}`;
}

/** As many bytes of a stream as the agent may keep; none if the file does not exist. */
function readStart(path: string): Buffer {
  let file: number | null = null;
  try {
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(ssmAgent.outputCut.value.bytes);
    let length = 0;
    for (;;) {
      const read = readSync(file, buffer, length, buffer.length - length, null);
      length += read;
      if (read === 0) return buffer.subarray(0, length);
    }
  } catch {
    return Buffer.alloc(0);
  } finally {
    if (file !== null) closeSync(file);
  }
}
