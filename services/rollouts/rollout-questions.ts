import { type RegistryTable, readItem } from '../registry/registry-table.ts';
import { expiryAfter, QuestionItem, questionKey, questionPrefix } from './rollout-items.ts';

/**
 * A person is asked after a wave. `attempt`: by which attempt of the state; a later one sorts after it. `secretHash`:
 * SHA-256, in hex, of the secret in the link.
 */
export interface Question {
  readonly rolloutId: string;
  readonly wave: number;
  readonly taskToken: string;
  readonly attempt: string;
  readonly secretHash: string;
  readonly askedAt: string;
}

/** Questions to people, as a rollout's waiting state asked them. */
export interface Questions {
  /**
   * A state that asks again waits with another token: the question of the later attempt takes the place of the one before,
   * in whatever order they come. False when it has been asked by a later one.
   */
  ask(question: Question): Promise<boolean>;
  /** The question of that wave, answered or not; without a wave the latest unanswered one. */
  question(rolloutId: string, wave?: number): Promise<Question | null>;
  /** Notes who said what; does nothing when the question was asked again since. */
  answered(question: Question, answer: { readonly verdict: string; readonly by: string }): Promise<void>;
}

/** Questions in the registry's table. */
export function createQuestions(table: RegistryTable): Questions {
  return {
    ask: ({ rolloutId, wave, taskToken, attempt, secretHash, askedAt }) =>
      table.update(questionKey(rolloutId, wave), {
        expression:
          'SET rolloutId = :rollout, wave = :wave, taskToken = :token, attempt = :attempt, secretHash = :hash, askedAt = :at, expiresAt = :expiry REMOVE answer',
        when: 'attribute_not_exists(pk) OR attempt <= :attempt',
        values: {
          ':rollout': rolloutId,
          ':wave': wave,
          ':token': taskToken,
          ':attempt': attempt,
          ':hash': secretHash,
          ':at': askedAt,
          ':expiry': expiryAfter(askedAt),
        },
      }),
    async question(rolloutId, wave) {
      if (wave !== undefined) {
        const item = await table.get(questionKey(rolloutId, wave));
        return item === null ? null : withoutAnswer(read(rolloutId, wave, item));
      }
      const { pk } = questionKey(rolloutId, 0);
      const items = await table.query(pk, { prefix: questionPrefix, latestFirst: true });
      const asked = items.map((item) => read(rolloutId, Number(item.wave), item));
      const unanswered = asked.find(({ answer }) => answer === null);
      return unanswered === undefined ? null : withoutAnswer(unanswered);
    },
    async answered({ rolloutId, wave, taskToken }, answer) {
      await table.update(questionKey(rolloutId, wave), {
        expression: 'SET answer = :answer',
        when: 'taskToken = :token',
        values: { ':answer': answer, ':token': taskToken },
      });
    },
  };
}

const read = (rolloutId: string, wave: number, item: unknown) =>
  readItem(QuestionItem, item, { key: questionKey(rolloutId, wave), name: 'InvalidRequest' });

function withoutAnswer({ answer: _, ...question }: QuestionItem): Question {
  return question;
}
