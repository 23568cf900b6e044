import type { RecordedDeployment } from '../deployment/deployment.ts';
import { boundedRepair } from './agent-line.ts';
import { channelLimits, textLimits } from './channels.ts';
import { cutText } from './cut-text.ts';
import { keepTexts } from './list-names.ts';

/** The texts of a recorded deployment. */
type Report = Pick<RecordedDeployment, 'outcome' | 'summary' | 'reason' | 'repair' | 'warnings'>;

/**
 * The texts of a deployment within the item of the history, the output of the execution, and the cause of its Fail state. The
 * agent bounds what it returns; the state machine adds the results of probes, rollback and errors.
 */
export function boundedReport<Fields extends Report>(report: Fields): Fields {
  const { summary, reason, warnings, repair } = report;
  return {
    ...report,
    summary: cutText(summary, textLimits.recordedSummary, 'ends'),
    reason: reason === null ? null : cutText(reason, channelLimits.taskErrorCharacters),
    warnings: keepTexts(warnings, 'warnings', { each: textLimits.warning, all: textLimits.recordedWarnings }),
    repair: boundedRepair(repair, textLimits.agentRepair).repair,
  };
}
