import { bearing, computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const BANDS = [
  ['VOR', '108.00 to 117.95 MHz'],
  ['the ILS localiser', '108.10 to 111.95 MHz'],
  ['the ILS glide path', '329.15 to 335.00 MHz'],
  ['DME', '960 to 1215 MHz'],
  ['NDB', '190 to 1750 kHz'],
  ['marker beacons', '75 MHz'],
  ['the SSR interrogation', '1030 MHz'],
  ['the SSR reply', '1090 MHz'],
  ['GPS L1', '1575.42 MHz'],
  ['the radio altimeter', '4200 to 4400 MHz'],
  ['airborne weather radar', 'About 9 GHz'],
] as const;

/** 062 Radio Navigation. */
export const radioNavigation: readonly Template[] = [
  facts(0.1, [
    ['What does a DME measure?', 'The slant range', 'The horizontal distance', 'The bearing', 'The height'],
    [
      'Which error makes an ADF needle hunt towards a thunderstorm?',
      'Static interference',
      'The night effect',
      'The coastal effect',
      'The quadrantal error',
    ],
    [
      'How many satellites does a GNSS receiver need at least for a three-dimensional position?',
      'Four',
      'Three',
      'Two',
      'Five',
    ],
    ['How many more satellites than that does fault detection by RAIM need?', 'One', 'None', 'Two', 'Three'],
    [
      'What does a full-scale deflection of a VOR indicator correspond to?',
      '10° or more',
      '2.5°',
      '5°',
      '20°',
    ],
    [
      'Within which angle does the ILS localiser give guidance at 17 NM?',
      '35° on either side',
      '10° on either side',
      '70° on either side',
      '90° on either side',
    ],
    [
      'Where is the cone of confusion of a VOR?',
      'Above the beacon',
      'Below the horizon',
      'On the 360° radial',
      'At the edge of coverage',
    ],
  ]),
  pairs(0.1, (aid) => `In which range of frequencies does ${aid} work?`, BANDS),
  pairs(
    0.1,
    (band) => `Which aid or signal uses ${band}?`,
    BANDS.map(([aid, band]) => [band, aid.charAt(0).toUpperCase() + aid.slice(1)] as const),
  ),
  pairs(0, (code) => `What is a ${code}?`, [
    ['QDM', 'The magnetic heading to the station in still air'],
    ['QDR', 'The magnetic bearing from the station'],
    ['QTE', 'The true bearing from the station'],
    ['QUJ', 'The true heading to the station in still air'],
  ]),
  computed(0, (random) => {
    const aircraft = random.int(2_000, 41_000, 100);
    const station = random.int(20, 900, 10);
    const range = 1.23 * (Math.sqrt(aircraft) + Math.sqrt(station));
    return {
      text: `An aircraft flies at ${aircraft} ft; the antenna of a VOR stands at ${station} ft. What is the theoretical range?`,
      ...figures(range, [1.23 * Math.sqrt(aircraft - station), range * 1.6, range / 1.6], rounded('NM')),
    };
  }),
  computed(0.3, (random) => {
    const thousands = random.int(12, 41);
    const ground = random.int(3, 30);
    const height = (thousands * 1_000) / 6_076;
    return {
      text: `An aircraft at FL ${thousands}0 is ${ground} NM from a DME at sea level, measured on the ground. What does its DME show?`,
      ...figures(
        Math.hypot(height, ground),
        [ground, ground + height, Math.sqrt(Math.abs(ground ** 2 - height ** 2))],
        rounded('NM', 0.1),
      ),
    };
  }),
  computed(-0.1, (random) => {
    const distance = random.int(20, 160) / 10;
    const angle = random.pick([2.5, 3, 3.5, 4]);
    const result = distance * 6_076 * Math.tan((angle * Math.PI) / 180);
    return {
      text: `At which height does a glide path of ${angle}° pass ${distance.toFixed(1)} NM before the touchdown point?`,
      ...figures(result, [distance * 200, result * 1.3, result / 1.852], rounded('ft', 10)),
    };
  }),
  computed(-0.1, (random) => {
    const radial = random.int(1, 360);
    return {
      text: `An aircraft is on radial ${bearing(radial).slice(0, 3)} of a VOR. Which magnetic track leads to the station?`,
      correct: bearing(radial + 180),
      wrong: [bearing(radial), bearing(radial + 90), bearing(radial - 90)],
    };
  }),
  computed(0, (random) => {
    const megahertz = random.int(1_080, 3_350) / 10;
    return {
      text: `What is the wavelength of a signal of ${megahertz.toFixed(1)} MHz?`,
      ...figures(300 / megahertz, [30 / megahertz, 3_000 / megahertz, megahertz / 300], rounded('m', 0.01)),
    };
  }),
];
