import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const TERMS = [
  ['aspect ratio', 'The span divided by the mean chord'],
  ['wing loading', 'The weight divided by the area of the wing'],
  ['load factor', 'The lift divided by the weight'],
  ['angle of attack', 'The angle between the chord and the relative airflow'],
  ['angle of incidence', 'The angle between the chord and the longitudinal axis'],
  ['camber', 'The curvature of the line midway between the surfaces'],
  ['taper ratio', 'The tip chord divided by the root chord'],
  ['dihedral', 'The upward inclination of the wing from the lateral axis'],
  ['sweep angle', 'The angle between the quarter-chord line and the lateral axis'],
  ['critical Mach number', 'The flight Mach number at which the local flow first becomes sonic'],
  ['washout', 'A lower angle of incidence at the tip than at the root'],
] as const;

/** 081 Principles of Flight – Aeroplanes. */
export const principlesOfFlight: readonly Template[] = [
  facts(0.2, [
    [
      'What happens to the induced drag when the speed doubles in level flight?',
      'It falls to a quarter',
      'It doubles',
      'It falls to a half',
      'It rises fourfold',
    ],
    [
      'What is adverse yaw?',
      'A yaw away from the turn, caused by the drag of the down-going aileron',
      'A yaw into the turn, caused by the rudder',
      'A yaw caused by the propeller',
      'A yaw caused by a crosswind',
    ],
    [
      'At which angle of attack does a wing stall when its weight rises?',
      'At the same one',
      'At a greater one',
      'At a smaller one',
      'At zero',
    ],
    [
      'Where does a swept wing without washout tend to stall first?',
      'At the tip',
      'At the root',
      'At the middle',
      'Everywhere at once',
    ],
    [
      'What does extending trailing-edge flaps do to the critical angle of attack?',
      'It reduces it',
      'It increases it',
      'It does not change it',
      'It doubles it',
    ],
    [
      'What is the purpose of vortex generators?',
      'To delay separation by adding energy to the boundary layer',
      'To reduce the weight',
      'To lower the critical Mach number',
      'To warn of a stall',
    ],
    [
      'What does static longitudinal stability require?',
      'A centre of gravity ahead of the neutral point',
      'A centre of gravity behind the neutral point',
      'A wing without camber',
      'A tail without lift',
    ],
    ['What does ground effect reduce?', 'The induced drag', 'The parasite drag', 'The lift', 'The weight'],
  ]),
  pairs(-0.2, (term) => `What is meant by "${term}"?`, TERMS),
  pairs(
    -0.1,
    (meaning) => `Which term fits this definition: "${meaning}"?`,
    TERMS.map(([term, meaning]) => [meaning, term.charAt(0).toUpperCase() + term.slice(1)] as const),
  ),
  computed(0.2, (random) => {
    const stall = random.int(42, 135);
    const bank = random.int(20, 65);
    const load = 1 / Math.cos((bank * Math.PI) / 180);
    return {
      text: `The stalling speed in level flight is ${stall} kt. What is it in a level turn with ${bank}° of bank?`,
      ...figures(
        stall * Math.sqrt(load),
        [stall * load, stall, stall * Math.sqrt(load) * 1.15],
        rounded('kt'),
      ),
    };
  }),
  computed(0, (random) => {
    const bank = random.int(15, 72);
    return {
      text: `What is the load factor in a level, coordinated turn with ${bank}° of bank?`,
      ...figures(
        1 / Math.cos((bank * Math.PI) / 180),
        [
          1 / Math.sin((bank * Math.PI) / 180),
          1 + Math.sin((bank * Math.PI) / 180) / 2 + 0.3,
          Math.tan((bank * Math.PI) / 180) + 0.11,
        ],
        rounded('', 0.01),
      ),
    };
  }),
  computed(0.1, (random) => {
    const ratio = random.int(8, 19);
    const height = random.int(2_000, 14_000, 100);
    return {
      text: `An aeroplane glides with a ratio of lift to drag of ${ratio}. How far does it get in still air from ${height} ft?`,
      ...figures(
        (height * ratio) / 6_076,
        [(height * ratio) / 5_280, (height * ratio) / 3_281, height / ratio / 60],
        rounded('NM', 0.1),
      ),
    };
  }),
  computed(0.5, (random) => {
    const speed = random.int(80, 240, 2);
    const bank = random.int(15, 45);
    const radius = (speed * 0.5144) ** 2 / (9.81 * Math.tan((bank * Math.PI) / 180));
    return {
      text: `What is the radius of a turn at a true airspeed of ${speed} kt with ${bank}° of bank?`,
      ...figures(radius, [radius * 2, radius / 2, (radius * speed) / 100], rounded('m')),
    };
  }),
  computed(0.1, (random) => {
    const before = random.int(90, 180, 2);
    const after = before + random.int(10, 90, 2);
    return {
      text: `At the same angle of attack the speed rises from ${before} kt to ${after} kt. By which factor does the lift grow?`,
      ...figures(
        (after / before) ** 2,
        [after / before, (after / before) ** 3, 2 * (after / before)],
        rounded('', 0.01),
      ),
    };
  }),
];
