import { setTimeout as sleep } from 'node:timers/promises';
import { GetExecutionHistoryCommand, type HistoryEvent, type SFNClient } from '@aws-sdk/client-sfn';
import type { ExecutionEvent } from '../../core/deployment/execution-event.ts';
import { createTranslator, isEnd } from './translate-history.ts';

/** Seconds between two polls; longer while nothing happens. GetExecutionHistory allows ten calls a second for an account. */
const minimumWait = 2;
const maximumWait = 5;
const growth = 1.25;

/** Seconds until the next poll, after this many polls without a new event. */
export function waitAfter(emptyPolls: number): number {
  return Math.min(minimumWait * growth ** emptyPolls, maximumWait);
}

export interface ExecutionObserver {
  readonly onEvent: (event: ExecutionEvent) => void;
  /** Called after each poll that found the execution running. */
  readonly onPoll?: () => Promise<void>;
  /** The id of the last event before a redrive: `onEvent` gets only later events. */
  readonly after?: number;
}

/** Reports the events of an execution as they appear, until it ends. Returns all of them. */
export async function followExecution(
  sfn: SFNClient,
  executionArn: string,
  { onEvent, onPoll = async () => {}, after = 0 }: ExecutionObserver,
): Promise<ExecutionEvent[]> {
  const translate = createTranslator();
  const all: ExecutionEvent[] = [];
  let lastId = 0;
  let emptyPolls = 0;
  for (;;) {
    const fresh = await eventsAfter(sfn, executionArn, lastId);
    const translated = fresh.map((event) => ({ id: idOf(event), events: translate(event) }));
    all.push(...translated.flatMap(({ events }) => events));
    for (const { events } of translated.filter(({ id }) => id > after)) events.forEach(onEvent);
    lastId = translated.at(-1)?.id ?? lastId;
    // a redriven execution has an end event before the redrive
    if (lastId > after && isEnd(fresh.at(-1))) return all;
    await onPoll();
    emptyPolls = fresh.length > 0 ? 0 : emptyPolls + 1;
    await sleep(waitAfter(emptyPolls) * 1000);
  }
}

const idOf = ({ id = 0 }: HistoryEvent) => id;

/** The events of an execution up to now. */
export async function readEvents(sfn: SFNClient, executionArn: string): Promise<ExecutionEvent[]> {
  const translate = createTranslator();
  return (await eventsAfter(sfn, executionArn, 0)).flatMap(translate);
}

/** The id of the last event; 0 if there is none. */
export async function lastEventId(sfn: SFNClient, executionArn: string): Promise<number> {
  const { events = [] } = await sfn.send(
    new GetExecutionHistoryCommand({ executionArn, reverseOrder: true, maxResults: 1 }),
  );
  return events[0]?.id ?? 0;
}

/** Reads backwards until a known event, so that a poll costs one call however long the history is. */
async function eventsAfter(sfn: SFNClient, executionArn: string, lastId: number): Promise<HistoryEvent[]> {
  const fresh: HistoryEvent[] = [];
  let nextToken: string | undefined;
  do {
    const page = await sfn.send(
      new GetExecutionHistoryCommand({
        executionArn,
        reverseOrder: true,
        includeExecutionData: true,
        maxResults: lastId === 0 ? 1000 : 100,
        ...(nextToken !== undefined && { nextToken }),
      }),
    );
    const events = page.events ?? [];
    fresh.push(...events.filter((event) => idOf(event) > lastId));
    nextToken = events.some((event) => idOf(event) <= lastId) ? undefined : page.nextToken;
  } while (nextToken !== undefined);
  return fresh.reverse();
}
