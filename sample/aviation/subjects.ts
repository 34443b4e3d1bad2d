import { id } from '../id.js';
import { DAY_MS, SAMPLE_FROM } from '../time.js';

interface SubjectFacts {
  readonly code: string;
  readonly name: string;
  /** How many questions it has, compared with the others: about what a full question bank holds. */
  readonly weight: number;
  /** How hard its questions are on the whole, in logits. */
  readonly hardness: number;
}

/** The thirteen theoretical-knowledge subjects of the ATPL(A), by official number and name. */
export const SUBJECTS: readonly SubjectFacts[] = [
  { code: '010', name: 'Air Law', weight: 650, hardness: 0 },
  {
    code: '021',
    name: 'Aircraft General Knowledge – Airframe/Systems/Electrics/Power plant',
    weight: 1_050,
    hardness: 0.2,
  },
  { code: '022', name: 'Aircraft General Knowledge – Instrumentation', weight: 900, hardness: 0.25 },
  { code: '031', name: 'Mass and Balance', weight: 260, hardness: -0.3 },
  { code: '032', name: 'Performance – Aeroplanes', weight: 450, hardness: 0.1 },
  { code: '033', name: 'Flight Planning and Monitoring', weight: 450, hardness: 0.2 },
  { code: '040', name: 'Human Performance and Limitations', weight: 550, hardness: -0.4 },
  { code: '050', name: 'Meteorology', weight: 1_000, hardness: 0.15 },
  { code: '061', name: 'General Navigation', weight: 800, hardness: 0.4 },
  { code: '062', name: 'Radio Navigation', weight: 700, hardness: 0.15 },
  { code: '070', name: 'Operational Procedures', weight: 600, hardness: 0.05 },
  { code: '081', name: 'Principles of Flight – Aeroplanes', weight: 800, hardness: 0.3 },
  { code: '090', name: 'Communications', weight: 250, hardness: -0.6 },
];

/** The identifier of the subject at a position of {@link SUBJECTS}. */
export const subjectId = (position: number) => id('aviation.subject', position);

/** The subjects as stored, there from the first day. */
export function* subjects(): Generator<Record<string, unknown>> {
  const createdAt = new Date(SAMPLE_FROM.getTime() - 30 * DAY_MS);
  for (const [position, { code, name }] of SUBJECTS.entries()) {
    yield { _id: subjectId(position), code, name, createdAt, updatedAt: createdAt };
  }
}
