import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { type Visit, visitsOf } from '../report/visits.ts';
import type { StateMachine } from '../terminal/built-files.ts';
import type { Layout } from './graph.ts';
import { visitLines } from './graph.ts';

/** Prints each visit of a running execution when the visit ends. */
export function pathPrinter(machine: StateMachine, layout: Layout, out: (line: string) => void) {
  const events: ExecutionEvent[] = [];
  let printed = 0;
  return (event: ExecutionEvent): void => {
    events.push(event);
    const visits = visitsOf(events);
    for (let visit = visits[printed]; visit !== undefined && isComplete(visit); visit = visits[printed]) {
      for (const line of visitLines(machine, visit, layout)) out(line);
      printed += 1;
    }
  };
}

/** A choice is complete when its next state is known. */
function isComplete(visit: Visit): boolean {
  return visit.endedAt !== null && (visit.type !== 'Choice' || visit.next !== null);
}
