// The rollout is a fake of ours: it cannot show what a state machine does with a halt (test/cli/fleet.test.ts does).
import { expect, test } from 'vitest';
import { showRollout } from '../../cli/commands/show-rollout.ts';
import { plainColours } from '../../cli/terminal/terminal.ts';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';

const terminal = { out: () => {}, err: () => {}, interactive: false, width: 100, colours: plainColours };
const options = { local: true, state: '.certferry' };
const end = { id: 'r', status: 'FAILED', output: null, waves: [], durationMs: 0 };
const entered = (name: string): ExecutionEvent => ({
  type: 'StateEntered',
  timestamp: 0,
  state: { name, type: 'Task' },
});

test('Ctrl-C halts a rollout that was not known when it was pressed, with the next command', async () => {
  let isKnown = false;
  const halted: string[] = [];
  const interrupt = async (id: string) => {
    if (isKnown) halted.push(id);
  };

  await showRollout(
    async ({ onStart, onEvent }) => {
      process.emit('SIGINT');
      onStart?.('r');
      onEvent?.(entered('ResolveCertificate'));
      expect(halted).toEqual([]);
      isKnown = true;
      onEvent?.(entered('NextWave'));
      return end;
    },
    { options, terminal, interrupt },
  );

  expect(halted).toEqual(['r']);
});

test('Nothing is halted while Ctrl-C was not pressed', async () => {
  const halted: string[] = [];
  const interrupt = async (id: string) => void halted.push(id);

  await showRollout(
    async ({ onStart, onEvent }) => {
      onStart?.('r');
      onEvent?.(entered('NextWave'));
      return end;
    },
    { options, terminal, interrupt },
  );

  expect(halted).toEqual([]);
});
