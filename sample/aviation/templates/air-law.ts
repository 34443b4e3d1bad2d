import { computed, facts, pairs, type Template } from '../template.js';

const ANNEXES = [
  ['1', 'Personnel Licensing'],
  ['2', 'Rules of the Air'],
  ['3', 'Meteorological Service for International Air Navigation'],
  ['4', 'Aeronautical Charts'],
  ['5', 'Units of Measurement to be Used in Air and Ground Operations'],
  ['6', 'Operation of Aircraft'],
  ['7', 'Aircraft Nationality and Registration Marks'],
  ['8', 'Airworthiness of Aircraft'],
  ['9', 'Facilitation'],
  ['10', 'Aeronautical Telecommunications'],
  ['11', 'Air Traffic Services'],
  ['12', 'Search and Rescue'],
  ['13', 'Aircraft Accident and Incident Investigation'],
  ['14', 'Aerodromes'],
  ['15', 'Aeronautical Information Services'],
  ['16', 'Environmental Protection'],
  ['17', 'Aviation Security'],
  ['18', 'The Safe Transport of Dangerous Goods by Air'],
  ['19', 'Safety Management'],
] as const;

/** 010 Air Law. */
export const airLaw: readonly Template[] = [
  facts(0, [
    [
      'Two aircraft converge at approximately the same level. Which one has the right of way?',
      'The one that has the other on its left',
      'The one that has the other on its right',
      'The faster one',
      'The heavier one',
    ],
    [
      'Two aircraft approach each other head-on. What shall their pilots do?',
      'Both alter heading to the right',
      'Both alter heading to the left',
      'The lower one descends and the higher one climbs',
      'The slower one gives way',
    ],
    [
      'On which frequency should an intercepted aircraft first try to establish contact?',
      '121.500 MHz',
      '123.450 MHz',
      '118.000 MHz',
      '126.700 MHz',
    ],
    [
      'An aircraft that is being overtaken …',
      'has the right of way',
      'gives way to the left',
      'gives way to the right',
      'climbs to let the other one pass',
    ],
    [
      'Which phase follows the alert phase when grave danger is reasonably certain?',
      'The distress phase',
      'The uncertainty phase',
      'The urgency phase',
      'The recovery phase',
    ],
    [
      'Below which level does the speed limit of 250 kt IAS generally apply?',
      'FL 100',
      'FL 150',
      'FL 195',
      'FL 245',
    ],
    [
      'What is the sole objective of an accident investigation according to ICAO?',
      'The prevention of accidents and incidents',
      'To apportion blame',
      'To establish liability',
      'To inform the insurers',
    ],
    [
      'Who is responsible for the operation and safety of the aircraft during flight time?',
      'The pilot-in-command',
      'The operator\u2019s dispatcher',
      'The air traffic controller',
      'The owner',
    ],
  ]),
  pairs(
    -0.4,
    (number) => `Which subject does Annex ${number} to the Convention on International Civil Aviation cover?`,
    ANNEXES,
  ),
  pairs(
    -0.2,
    (title) => `Which Annex to the Chicago Convention is titled "${title}"?`,
    ANNEXES.map(([number, title]) => [title, `Annex ${number}`] as const),
  ),
  pairs(0.1, (signal) => `What does ${signal} directed from the tower at an aircraft in flight mean?`, [
    ['a steady green light', 'Cleared to land'],
    ['a steady red light', 'Give way to other aircraft and continue circling'],
    ['a flashing green light', 'Return for landing'],
    ['a flashing red light', 'Aerodrome unsafe, do not land'],
    ['a flashing white light', 'Land at this aerodrome and proceed to the apron'],
  ]),
  pairs(-0.5, (code) => `What does the transponder code ${code} stand for?`, [
    ['7500', 'Unlawful interference'],
    ['7600', 'Radio communication failure'],
    ['7700', 'Emergency'],
    ['2000', 'Entry from an area where no code was assigned'],
    ['7000', 'VFR flight without an assigned code'],
  ]),
  pairs(0.5, (letter) => `Which separation and service are provided in class ${letter} airspace?`, [
    ['A', 'Only IFR flights, all separated from each other'],
    ['B', 'IFR and VFR flights, all separated from each other'],
    ['C', 'IFR separated from IFR and VFR; VFR separated from IFR'],
    ['D', 'IFR separated from IFR; traffic information about VFR'],
    ['E', 'IFR separated from IFR; VFR flights need no clearance'],
    ['F', 'Advisory service to participating IFR flights'],
    ['G', 'Flight information service only'],
  ]),
  computed(0, (random) => {
    const track = random.int(5, 355, 1);
    const tens = random.int(7, 26) * 10;
    const east = track < 180;
    const odd = (tens / 10) % 2 === 1;
    const level = east === odd ? tens : tens + 10;
    const name = (value: number) => `FL ${String(value).padStart(3, '0')}`;
    return {
      text: `An IFR flight follows a magnetic track of ${String(track).padStart(3, '0')}°. Which of these cruising levels is appropriate?`,
      correct: name(level),
      wrong: [name(level + 10), name(level + 5), name(level - 10)],
    };
  }),
  computed(0.2, (random) => {
    const obstacle = random.int(60, 1_950, 10);
    return {
      text: `The highest obstacle within 600 m of an aircraft over a congested area stands at ${obstacle} ft AMSL. What is its minimum VFR height, expressed as an altitude?`,
      correct: `${obstacle + 1_000} ft`,
      wrong: [`${obstacle + 500} ft`, `${obstacle + 2_000} ft`, `${obstacle + 300} ft`],
    };
  }),
];
