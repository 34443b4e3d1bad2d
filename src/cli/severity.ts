import type { Finding, Severity } from '../monitor/finding.js';
import { paint } from './output.js';

const STYLES = { red: 'red', amber: 'yellow', info: 'cyan' } as const satisfies Record<Severity, string>;

/** A severity in its colour. */
export const paintSeverity = (severity: Severity): string => paint(STYLES[severity], severity);

/** A finding in one line. */
export const paintFinding = ({ severity, rule, reason }: Finding): string =>
  `${paintSeverity(severity)} ${rule}: ${reason}`;
