import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const GOODS = [
  ['1', 'Explosives'],
  ['2', 'Gases'],
  ['3', 'Flammable liquids'],
  ['4', 'Flammable solids'],
  ['5', 'Oxidising substances and organic peroxides'],
  ['6', 'Toxic and infectious substances'],
  ['7', 'Radioactive material'],
  ['8', 'Corrosive substances'],
  ['9', 'Miscellaneous dangerous goods'],
] as const;

/** 070 Operational Procedures. */
export const operationalProcedures: readonly Template[] = [
  facts(0.1, [
    [
      'How long is the final reserve fuel of an aeroplane with turbine engines?',
      '30 minutes of holding at 1500 ft',
      '45 minutes at cruise',
      '60 minutes of holding at 1500 ft',
      '15 minutes at 10,000 ft',
    ],
    [
      'When should windshear on the approach lead to a go-around?',
      'As soon as the approach becomes unstable or a warning sounds',
      'Never below 500 ft',
      'Only when the runway is wet',
      'Only after contact with the tower',
    ],
    [
      'How does one avoid the wake of a heavier aeroplane that is landing ahead?',
      'Stay above its path and touch down beyond its touchdown point',
      'Stay below its path',
      'Touch down before its touchdown point',
      'Fly slower',
    ],
    [
      'What is the first action after smoke is noticed in the flight deck?',
      'Put on the oxygen masks',
      'Open a window',
      'Call the cabin crew',
      'Switch off the avionics',
    ],
    [
      'What does part B of an operations manual cover?',
      'Matters related to the type of aeroplane',
      'Routes, areas and aerodromes',
      'Training',
      'General and basic matters',
    ],
    ['Which runway condition code stands for a dry runway?', '6', '5', '1', '0'],
    [
      'At which cabin altitude must the crew at the latest use oxygen for the whole time of flight?',
      '13,000 ft',
      '8,000 ft',
      '18,000 ft',
      '25,000 ft',
    ],
  ]),
  pairs(-0.3, (number) => `Which dangerous goods belong to class ${number}?`, GOODS),
  pairs(
    -0.2,
    (name) => `To which class do dangerous goods of the kind "${name}" belong?`,
    GOODS.map(([number, name]) => [name, `Class ${number}`] as const),
  ),
  pairs(
    0.3,
    (pair) => `Which radar wake turbulence separation does ICAO lay down on the approach for ${pair}?`,
    [
      ['a HEAVY behind a HEAVY', '4 NM'],
      ['a MEDIUM behind a HEAVY', '5 NM'],
      ['a LIGHT behind a HEAVY', '6 NM'],
      ['a LIGHT behind a SUPER', '8 NM'],
      ['a MEDIUM behind a SUPER', '7 NM'],
    ],
  ),
  computed(0.2, (random) => {
    const psi = random.int(28, 215);
    return {
      text: `The tyres have a pressure of ${psi} psi. From which speed can a rolling wheel aquaplane on standing water?`,
      ...figures(
        9 * Math.sqrt(psi),
        [7.7 * Math.sqrt(psi), 34 * Math.sqrt(psi), 9 * Math.sqrt(psi * 2)],
        rounded('kt'),
      ),
    };
  }),
  computed(0, (random) => {
    const flow = random.int(900, 6_200, 20);
    return {
      text: `A turbine aeroplane burns ${flow} kg per hour while holding at 1500 ft. How much is its final reserve fuel?`,
      ...figures(flow / 2, [flow * 0.75, flow, flow / 4], rounded('kg')),
    };
  }),
  computed(0.2, (random) => {
    const bar = random.int(20, 150) / 10;
    return {
      text: `The tyre pressure is ${bar.toFixed(1)} bar. What is the aquaplaning speed by the rule of 34 times the square root?`,
      ...figures(
        34 * Math.sqrt(bar),
        [9 * Math.sqrt(bar), 26 * Math.sqrt(bar), 34 * Math.sqrt(bar * 2)],
        rounded('kt'),
      ),
    };
  }),
  computed(0, (random) => {
    const height = random.int(3_000, 12_000, 100);
    const rate = random.int(500, 2_200, 50);
    return {
      text: `After a loss of pressurisation you have to lose ${height} ft at ${rate} ft/min. How long does that take?`,
      ...figures(
        height / rate,
        [rate / (height / 10), (height / rate) * 2, height / rate / 2],
        rounded('min', 0.1),
      ),
    };
  }),
];
