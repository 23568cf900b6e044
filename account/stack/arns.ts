import { randomBytes } from 'node:crypto';

/** The ARN of an execution by its machine's and its name. */
export function executionArn(machineArn: string, name: string): string {
  return `${machineArn.replace(':stateMachine:', ':execution:')}:${name}`;
}

/** The last part: an execution's name, a table's. */
export function nameIn(arn: string): string {
  return arn.split(':').at(-1) ?? '';
}

/** Step Functions allows 80 characters; the time and the random part take 26 of them. */
const subjectCharacters = 54;

/** `web-1-20261122T041500-1f2e3d4c`: says what it is about, and sorts by time. */
export function newExecutionName(subject: string, now: Date): string {
  const about = subject.replace(/[^A-Za-z0-9_-]/g, '-').slice(0, subjectCharacters);
  const time = now.toISOString().replace(/[-:]|\.\d+Z$/g, '');
  return `${about}-${time}-${randomBytes(4).toString('hex')}`;
}
