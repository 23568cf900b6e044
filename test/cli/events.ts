import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';

/** Builds the events of an execution as local mode records them: one call for each event, ten milliseconds apart. */
export function anExecution(startedAt = 1_800_000_000_000) {
  let now = startedAt;
  const events: ExecutionEvent[] = [{ type: 'ExecutionStarted', timestamp: now }];
  const script = {
    events,
    /** A state that is entered, and exited `took` milliseconds later. */
    visit(name: string, type: string, { took = 10, output = {} }: { took?: number; output?: unknown } = {}) {
      script.enter(name, type);
      now += took;
      events.push({ type: 'StateExited', timestamp: now, state: { name, type, output } });
      return script;
    },
    enter(name: string, type: string) {
      events.push({ type: 'StateEntered', timestamp: now, state: { name, type } });
      return script;
    },
    fail(name: string, type: string, { error = 'LockHeld', cause = 'held by another' } = {}) {
      now += 10;
      events.push({ type: 'StateFailed', timestamp: now, state: { name, type }, Error: error, Cause: cause });
      return script;
    },
    retry(name: string, type: string) {
      now += 1000;
      events.push({ type: 'StateRetried', timestamp: now, state: { name, type } });
      return script;
    },
    caught(name: string, type: string, next: string) {
      events.push({
        type: 'StateCaught',
        timestamp: now,
        state: { name, type },
        catch: { catcher: { Next: next } },
      });
      events.push({ type: 'StateExited', timestamp: now, state: { name, type, output: {} } });
      return script;
    },
    end(type: string) {
      events.push({ type, timestamp: now });
      return script;
    },
  };
  return script;
}

/** A renewal that is not served: two probes with a back-off between them, and a rollback. */
export function aRolledBackExecution() {
  const push = { outcome: 'applied', summary: 'installed and reloaded' };
  const probe = (verdict: string) => ({ probe: { verdict, summary: '127.0.0.1:443 serves another leaf' } });
  return anExecution()
    .visit('AcquireLock', 'Task', { output: { deployment: { fence: 3 } } })
    .visit('PushBundle', 'Task', { took: 340, output: { push } })
    .visit('PushOutcome?', 'Choice')
    .visit('ProbeEndpoint', 'Task', { output: probe('retry') })
    .visit('ProbeOutcome?', 'Choice')
    .visit('BackOff', 'Wait', { took: 1000 })
    .visit('ProbeFrom?', 'Choice')
    .visit('ProbeEndpoint', 'Task', { output: probe('exhausted') })
    .visit('ProbeOutcome?', 'Choice')
    .visit('RollBack', 'Task', {
      output: { rollback: { outcome: 'restored', summary: 'previous files restored' } },
    })
    .visit('RollBackOutcome?', 'Choice')
    .visit('ProbeRestored', 'Task', { output: { restored: { verdict: 'verified', summary: 'served' } } })
    .visit('ProbeRestoredOutcome?', 'Choice')
    .visit('RecordRolledBack', 'Task', { output: { outcome: 'rolled_back', summary: 'old version is back' } })
    .enter('RolledBack', 'Fail')
    .fail('RolledBack', 'Fail', { error: 'rolled_back', cause: 'old version is back' })
    .end('ExecutionFailed').events;
}
