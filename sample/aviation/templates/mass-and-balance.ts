import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const TERMS = [
  ['basic empty mass', 'The aeroplane with fixed equipment, unusable fuel and full operating fluids'],
  ['dry operating mass', 'The aeroplane ready for a type of operation, without usable fuel and traffic load'],
  ['zero fuel mass', 'The dry operating mass plus the traffic load'],
  ['operating mass', 'The dry operating mass plus the take-off fuel'],
  ['take-off mass', 'The mass of everything carried at the start of the take-off run'],
  ['traffic load', 'The passengers, baggage and cargo, including any non-revenue load'],
  ['useful load', 'The traffic load plus the usable fuel'],
  ['landing mass', 'The take-off mass less the trip fuel'],
  ['arm', 'The distance of a mass from the datum'],
  ['moment', 'A mass multiplied by its distance from the datum'],
  ['datum', 'The plane from which all distances are measured'],
] as const;

/** 031 Mass and Balance. */
export const massAndBalance: readonly Template[] = [
  facts(0, [
    [
      'What does a centre of gravity at the forward limit do?',
      'It raises the stalling speed',
      'It lowers the stick force per g',
      'It reduces the longitudinal stability',
      'It reduces the trim drag',
    ],
    [
      'What does a centre of gravity behind the aft limit lead to?',
      'Too little longitudinal stability',
      'Too high a stick force',
      'A longer landing flare',
      'A higher stalling speed',
    ],
    [
      'Which mass limits the bending of the wing at its root?',
      'The maximum zero fuel mass',
      'The maximum ramp mass',
      'The maximum landing mass',
      'The dry operating mass',
    ],
    [
      'Why is the floor loading limited?',
      'To keep concentrated loads from damaging the structure',
      'To limit the centre of gravity',
      'To keep the cabin quiet',
      'To save fuel',
    ],
    [
      'What does the specific gravity of a fuel say?',
      'Its density compared with that of water',
      'Its energy per litre',
      'Its freezing point',
      'Its water content',
    ],
    [
      'Who is responsible for a load being secured and within limits before departure?',
      'The commander',
      'The fuel supplier',
      'The aerodrome operator',
      'The meteorological office',
    ],
  ]),
  pairs(-0.2, (term) => `What is meant by the ${term}?`, TERMS),
  pairs(
    -0.1,
    (meaning) => `Which term does this define: "${meaning}"?`,
    TERMS.map(([term, meaning]) => [meaning, `The ${term}`] as const),
  ),
  computed(0.2, (random) => {
    const empty = random.int(680, 1_180, 5);
    const arm = random.int(95, 125) / 100;
    const load = random.int(90, 240, 5);
    const loadArm = random.int(180, 290) / 100;
    const result = (empty * arm + load * loadArm) / (empty + load);
    return {
      text: `An aeroplane of ${empty} kg has its centre of gravity ${arm.toFixed(2)} m behind the datum. ${load} kg are loaded at ${loadArm.toFixed(2)} m. Where is the centre of gravity now?`,
      ...figures(
        result,
        [(arm + loadArm) / 2, (empty * arm + load * loadArm) / empty, arm + load / empty],
        rounded('m', 0.01),
      ),
    };
  }),
  computed(-0.3, (random) => {
    const mass = random.int(35, 420, 5);
    const arm = random.int(60, 480, 2) / 100;
    return {
      text: `What is the moment of ${mass} kg at an arm of ${arm.toFixed(2)} m?`,
      ...figures(mass * arm, [mass / arm, mass * arm * 9.81, mass + arm], rounded('kgm', 0.1)),
    };
  }),
  computed(-0.3, (random) => {
    const litres = random.int(60, 9_500, 10);
    const gravity = random.pick([0.72, 0.79, 0.8, 0.81]);
    return {
      text: `What is the mass of ${litres} litres of fuel with a specific gravity of ${gravity}?`,
      ...figures(litres * gravity, [litres / gravity, litres, litres * gravity * 0.454], rounded('kg')),
    };
  }),
  computed(0.5, (random) => {
    const total = random.int(5_200, 64_000, 100);
    const distance = random.int(3, 14);
    const shift = random.int(2, 12) / 100;
    return {
      text: `An aeroplane has a mass of ${total} kg. How much has to be moved between two holds ${distance} m apart to shift the centre of gravity by ${shift.toFixed(2)} m?`,
      ...figures(
        (total * shift) / distance,
        [total * shift, (total * shift) / (distance * 2), (total * distance * shift) / 100],
        rounded('kg', 0.1),
      ),
    };
  }),
];
