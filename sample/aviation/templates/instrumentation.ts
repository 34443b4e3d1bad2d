import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const MARKS = [
  ['the white arc', 'The range in which flaps may be used'],
  ['the green arc', 'The normal operating range'],
  ['the yellow arc', 'The caution range, for smooth air only'],
  ['the red radial line', 'The never-exceed speed'],
  ['the blue radial line', 'The best rate of climb with one engine inoperative'],
  ['the lower end of the green arc', 'The stalling speed in the clean configuration'],
  ['the lower end of the white arc', 'The stalling speed in the landing configuration'],
] as const;

/** 022 Aircraft General Knowledge – Instrumentation. */
export const instrumentation: readonly Template[] = [
  facts(0.2, [
    [
      'The pitot tube is blocked and its drain is closed, the static port is free. What does the airspeed indicator show in a climb?',
      'An increasing speed',
      'A decreasing speed',
      'Zero',
      'The correct speed',
    ],
    [
      'The static port is blocked during a descent. What does the altimeter show?',
      'The altitude at which the blockage occurred',
      'Zero',
      'An altitude that is too low',
      'The correct altitude',
    ],
    [
      'Which property makes a gyroscope suitable for a turn indicator?',
      'Precession',
      'Rigidity alone',
      'Magnetism',
      'Elasticity',
    ],
    [
      'What does a turn coordinator show that a turn indicator does not?',
      'The rate of roll',
      'The angle of bank',
      'The pitch attitude',
      'The heading',
    ],
    [
      'What is the source of the vertical speed indicator?',
      'The rate of change of static pressure',
      'The dynamic pressure',
      'The total pressure',
      'The acceleration along the vertical axis only',
    ],
    [
      'On the northern hemisphere, what does a direct-reading compass show during an acceleration on an easterly heading?',
      'An apparent turn to the north',
      'An apparent turn to the south',
      'No turn',
      'A turn through 180°',
    ],
    [
      'What does a resolution advisory of ACAS II tell the pilot?',
      'A vertical manoeuvre to carry out or to avoid',
      'A turn to carry out',
      'The registration of the intruder',
      'A frequency to contact',
    ],
    [
      'Which errors remain in the calibrated airspeed?',
      'Those of compressibility and density',
      'Those of the instrument',
      'Those of position',
      'None',
    ],
  ]),
  pairs(-0.5, (mark) => `What does ${mark} of the airspeed indicator of a light twin mark?`, MARKS),
  pairs(
    -0.4,
    (meaning) => `How is this marked on the airspeed indicator of a light twin: "${meaning}"?`,
    MARKS.map(([mark, meaning]) => [meaning, `By ${mark}`] as const),
  ),
  pairs(0, (name) => `What does ${name} show or measure?`, [
    ['an EGT gauge', 'The temperature of the exhaust gas'],
    ['an N1 indicator', 'The speed of the low-pressure spool'],
    ['an N2 indicator', 'The speed of the high-pressure spool'],
    ['an EPR gauge', 'The ratio of the turbine outlet to the compressor inlet pressure'],
    ['a radio altimeter', 'The height above the surface below'],
    ['a manifold pressure gauge', 'The absolute pressure in the induction system'],
    ['an AoA vane', 'The direction of the local airflow relative to the aircraft'],
    ['an IRS', 'Accelerations and rotations, from which position and attitude follow'],
  ]),
  computed(0, (random) => {
    const qnh = random.int(980, 1_045);
    const set = qnh + random.pick([-24, -19, -15, -12, -9, 8, 11, 14, 17, 23]);
    const indicated = random.int(2_500, 9_500, 100);
    return {
      text: `The QNH is ${qnh} hPa, but ${set} hPa is set. The altimeter shows ${indicated} ft. What is the altitude? (27 ft per hPa)`,
      ...figures(
        indicated + (qnh - set) * 27,
        [indicated - (qnh - set) * 27, indicated + (qnh - set) * 30 + 90, indicated],
        rounded('ft'),
      ),
    };
  }),
  computed(-0.1, (random) => {
    const qnh = random.int(975, 1_042);
    // High enough that the result stays above zero, whatever the pressure.
    const elevation = random.int(900, 4_900, 10);
    return {
      text: `An aerodrome lies at ${elevation} ft and the QNH is ${qnh} hPa. What is its pressure altitude? (1013 hPa, 27 ft per hPa)`,
      ...figures(
        elevation + (1_013 - qnh) * 27,
        [elevation + (qnh - 1_013) * 27, elevation, elevation + (1_013 - qnh) * 54],
        rounded('ft'),
      ),
    };
  }),
  computed(0.4, (random) => {
    const mach = random.int(62, 86) / 100;
    const temperature = random.int(-62, -20);
    const sound = 38.95 * Math.sqrt(temperature + 273);
    return {
      text: `An aeroplane flies at Mach ${mach.toFixed(2)} in air of ${temperature} °C. What is its true airspeed?`,
      ...figures(mach * sound, [mach * 661, sound, mach * sound * 0.9], rounded('kt')),
    };
  }),
];
