// Not simulated: delivery, the document, timeouts, request checks of SSM. The test ends each command.
import { type ReadJob, readJob } from '../../core/seal/job-text.ts';
import type { Commands, HostCommand, Invocation } from '../../services/ssm/commands.ts';
import { withoutSignature } from '../fixtures/signed-jobs.ts';

export interface FakeCommands extends Commands {
  readonly sent: (HostCommand & { commandId: string; read: ReadJob })[];
  end(commandId: string, invocation: Partial<Invocation>): void;
  /** The error of the next `send`. `after`: the command was sent nevertheless. */
  failNext(error: Error, when: 'before' | 'after'): void;
  /** Unreachable hosts, and the reason. */
  readonly away: Map<string, Error>;
  /** Called within `send`, before it returns. */
  onSend: (commandId: string) => void;
}

export function fakeCommands(): FakeCommands {
  const invocations = new Map<string, Invocation>();
  const sent: FakeCommands['sent'] = [];
  let failure: { error: Error; when: 'before' | 'after' } | null = null;
  const fake: FakeCommands = {
    sent,
    away: new Map(),
    onSend: () => {},
    end: (commandId, invocation) =>
      void invocations.set(commandId, { status: 'Success', output: '', errors: '', ...invocation }),
    failNext: (error, when) => {
      failure = { error, when };
    },
    async send(command) {
      const failing = failure;
      failure = null;
      if (failing?.when === 'before') throw failing.error;
      const commandId = `command-${sent.length + 1}-${command.host}`;
      sent.push({ ...command, commandId, read: readJob(withoutSignature(command.job)) });
      fake.onSend(commandId);
      if (failing !== null) throw failing.error;
      return commandId;
    },
    async requireReachable(host) {
      const why = fake.away.get(host);
      if (why !== undefined) throw why;
    },
    readInvocation: async (commandId) => invocations.get(commandId) ?? null,
  };
  return fake;
}
