import { setTimeout as sleep } from 'node:timers/promises';
import { GetExecutionHistoryCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { createTranslator, isEnd } from './translate-history.ts';

/** Seconds between two looks: soon while things happen, then less often. GetExecutionHistory allows ten a second for all. */
const shortestWait = 2;
const longestWait = 5;
const growth = 1.25;

/** How long a look waits, after so many looks that saw nothing new. Seconds. */
export function waitAfter(looksInVain: number): number {
  return Math.min(shortestWait * growth ** looksInVain, longestWait);
}

export interface Following {
  readonly onEvent: (event: ExecutionEvent) => void;
  /** Called at each look that found the execution running. */
  readonly onLook?: () => Promise<void>;
  /** Events up to this number are not told: those before a redrive. */
  readonly after?: number;
}

/** Tells the events of an execution as they come, until it ends. Returns all of them. */
export async function follow(
  sfn: SFNClient,
  executionArn: string,
  { onEvent, onLook = async () => {}, after = 0 }: Following,
): Promise<ExecutionEvent[]> {
  const translate = createTranslator();
  const all: ExecutionEvent[] = [];
  let seen = 0;
  let looksInVain = 0;
  for (;;) {
    const fresh = await eventsAfter(sfn, executionArn, seen);
    const told = fresh.map((event) => ({ event, told: translate(event) }));
    all.push(...told.flatMap((one) => one.told));
    for (const { told: ones } of told.filter(({ event }) => idOf(event) > after)) ones.forEach(onEvent);
    const last = fresh.at(-1);
    if (last !== undefined) seen = idOf(last);
    // an execution that was redriven had an end before
    if (last !== undefined && isEnd(last) && seen > after) return all;
    await onLook();
    looksInVain = fresh.length > 0 ? 0 : looksInVain + 1;
    await sleep(waitAfter(looksInVain) * 1000);
  }
}

const idOf = ({ id = 0 }: HistoryEvent) => id;

/** The execution's history as it is now, translated. */
export async function historyOf(sfn: SFNClient, executionArn: string): Promise<ExecutionEvent[]> {
  const translate = createTranslator();
  return (await eventsAfter(sfn, executionArn, 0)).flatMap(translate);
}

/** The number of the last event there is; 0 before the first. */
export async function lastEventOf(sfn: SFNClient, executionArn: string): Promise<number> {
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }),
  );
  return events[0]?.id ?? 0;
}

/** From the latest one back to what is known, so that a look costs one call however long the history is. */
async function eventsAfter(sfn: SFNClient, executionArn: string, seen: number): Promise<HistoryEvent[]> {
  const fresh: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({
        executionArn,
        reverseOrder: true,
        includeExecutionData: true,
        maxResults: seen === 0 ? 1000 : 100,
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    const events = page.events ?? [];
    fresh.push(...events.filter((event) => idOf(event) > seen));
    nextToken = events.some((event) => idOf(event) <= seen) ? undefined : page.nextToken;
  } while (nextToken !== undefined);
  return fresh.reverse();
}
