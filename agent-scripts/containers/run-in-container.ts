import * as z from 'zod/mini';
import { presentableOutput } from '../host/presentable-output.ts';
import type { CommandResult } from '../host/run-command.ts';
import { type Container, expecting, jsonOf } from './container.ts';
import { engineRequest } from './engine-request.ts';

const Created = z.object({ Id: z.string().check(z.regex(/^[A-Za-z0-9]+$/)) });
const Ended = z.object({ ExitCode: z.nullable(z.int()) });

/**
 * Runs argv in a container, as its default user, until the deadline. The engine cannot end the command, which may then
 * still run. `shown`: the argv with which an operator does the same. Never throws.
 * https://docs.docker.com/reference/api/engine/version/v1.47/#tag/Exec
 */
export async function runInContainer(
  { socket, name, deadline }: Container,
  argv: readonly string[],
  shown: readonly string[],
): Promise<CommandResult> {
  const post = (path: string, content: unknown) =>
    engineRequest({ socket, method: 'POST', path, content, deadline });
  const result = (ending: CommandResult['ending'], code: number | null, output: string | Buffer) => ({
    argv: shown,
    ending,
    code,
    output: presentableOutput(output, 'end'),
  });
  try {
    const options = { Cmd: argv, AttachStdout: true, AttachStderr: true, Tty: false };
    const created = expecting(await post(`/containers/${name}/exec`, options), 201);
    const { Id } = Created.parse(jsonOf(created));
    const { body } = expecting(await post(`/exec/${Id}/start`, { Detach: false, Tty: false }), 200);
    const ended = await engineRequest({ socket, method: 'GET', path: `/exec/${Id}/json`, deadline });
    const { ExitCode } = Ended.parse(jsonOf(expecting(ended, 200)));
    return result('exited', ExitCode, withoutFrames(body));
  } catch (error) {
    return result(deadline.aborted ? 'timed out' : 'not started', null, (error as Error).message);
  }
}

const headerBytes = 8;

/** The text of an attached stream: frames of stdout and stderr with a header of 8 bytes, the last 4 of which are the length. */
function withoutFrames(stream: Buffer): Buffer {
  const texts: Buffer[] = [];
  for (let at = 0; at + headerBytes <= stream.length; ) {
    const end = at + headerBytes + stream.readUInt32BE(at + 4);
    texts.push(stream.subarray(at + headerBytes, end));
    at = end;
  }
  return Buffer.concat(texts);
}
