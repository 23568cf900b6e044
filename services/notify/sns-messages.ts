import { PublishCommand, type SNSClient } from '@aws-sdk/client-sns';
import { logger } from '../logger.ts';
import { type CommandContext, type CommandLine, createCommandLine } from './command-lines.ts';

/** A message to people: what happened, where, and the next step. */
export interface Message {
  /** At most 100 characters, plain ASCII (SNS's rule for subjects). */
  readonly subject: string;
  readonly text: string;
}

/**
 * Tells people, through the stack's SNS topic; without one it only logs. Never throws, and gives up after 20 seconds: a
 * deployment does not wait for mail, and a function without a way to SNS still has to answer in time.
 */
export interface Messages {
  tell(message: Message): Promise<void>;
  /** How a text says what to type. */
  readonly commandLine: CommandLine;
}

const longestMilliseconds = 20_000;

/** SNS's limits: characters of a subject, and bytes of a message, with room for what counts as well. */
const maximumSubject = 100;
const maximumBytes = 250_000;

/** Where messages go, and what is typed there. Without a topic they are logged only. */
export interface MessageSettings extends CommandContext {
  readonly topicArn: string | undefined;
}

/** Messages to the topic named `topicArn`. The log names the subject only: a text may hold a link that lets its reader decide. */
export function createMessages(
  sns: Pick<SNSClient, 'send'>,
  { topicArn, ...place }: MessageSettings,
): Messages {
  return {
    commandLine: createCommandLine(place),
    async tell({ subject, text }) {
      logger.info('message', { subject, told: topicArn !== undefined });
      if (topicArn === undefined) return;
      try {
        await sns.send(
          new PublishCommand({ TopicArn: topicArn, Subject: asSubject(subject), Message: cut(text) }),
          { abortSignal: AbortSignal.timeout(longestMilliseconds) },
        );
      } catch (error) {
        const why = error instanceof Error ? `${error.name}: ${error.message}` : 'no reason given';
        logger.error('the message could not be sent', { subject, topicArn, why });
      }
    },
  };
}

/** A message of some paragraphs, each of some lines. */
export function composed(subject: string, ...paragraphs: readonly (readonly string[])[]): Message {
  const texts = paragraphs.flatMap((lines) => (lines.length === 0 ? [] : [lines.join('\n')]));
  return { subject, text: texts.join('\n\n') };
}

/** SNS refuses a subject with other characters, and an empty one. */
function asSubject(subject: string): string {
  const ascii = subject.replaceAll(/[^\x21-\x7e]+/g, ' ').trim();
  return (ascii || 'certferry').slice(0, maximumSubject);
}

function cut(text: string): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maximumBytes) return text || '(no text)';
  return `${new TextDecoder().decode(bytes.subarray(0, maximumBytes), { stream: true })}\n…`;
}
