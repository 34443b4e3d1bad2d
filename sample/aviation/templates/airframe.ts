import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const PARTS = [
  ['stringer', 'Stiffens the skin along the fuselage or the span'],
  ['rib', 'Gives the wing its profile and passes loads to the spars'],
  ['spar', 'Carries the bending loads of the wing'],
  ['frame', 'Gives the fuselage its cross-section'],
  ['accumulator', 'Stores hydraulic energy and damps surges of pressure'],
  ['outflow valve', 'Controls the pressure in the cabin'],
  ['constant speed drive', 'Keeps the generator turning at a steady rate'],
  ['transformer rectifier unit', 'Turns alternating into direct current'],
  ['static inverter', 'Turns direct into alternating current'],
  ['fuel control unit', 'Meters the fuel to a turbine engine'],
  ['magneto', 'Supplies the spark of a piston engine independently of the battery'],
  ['wastegate', 'Limits the speed of a turbocharger'],
  ['fusible plug', 'Lets a tyre deflate before heat makes it burst'],
  ['shuttle valve', 'Selects between a normal and an alternate source of pressure'],
] as const;

/** 021 Aircraft General Knowledge – Airframe/Systems/Electrics/Power plant. */
export const airframe: readonly Template[] = [
  facts(0.1, [
    [
      'In which order do the strokes of a four-stroke engine follow each other?',
      'Induction, compression, power, exhaust',
      'Induction, power, compression, exhaust',
      'Compression, induction, exhaust, power',
      'Power, induction, compression, exhaust',
    ],
    [
      'Where is the pressure highest in a gas turbine engine?',
      'At the outlet of the compressor',
      'At the intake',
      'In the jet pipe',
      'Behind the turbine',
    ],
    [
      'What are the signs of carburettor icing with a fixed-pitch propeller?',
      'A loss of RPM and rough running',
      'A rise of RPM',
      'A rise of the oil pressure',
      'A fall of the fuel flow to zero',
    ],
    [
      'What does a fail-safe structure rely on?',
      'Several load paths, so that others carry the load when one part fails',
      'A part that is replaced after a fixed life',
      'A single part of great strength',
      'A paint that shows cracks',
    ],
    [
      'What happens in a lead-acid battery while it discharges?',
      'The specific gravity of the electrolyte falls',
      'The specific gravity of the electrolyte rises',
      'The voltage rises',
      'Hydrogen is absorbed',
    ],
    [
      'Which extinguishant is unsuitable for an electrical fire?',
      'Water',
      'Halon',
      'Carbon dioxide',
      'Dry powder',
    ],
    [
      'What does the bypass ratio of a turbofan compare?',
      'The air through the fan duct with the air through the core',
      'The fuel with the air',
      'The exhaust with the intake temperature',
      'The thrust with the weight',
    ],
    [
      'Why are aircraft fuel tanks vented?',
      'To keep the pressure in the tank close to that outside',
      'To cool the fuel',
      'To remove water',
      'To measure the quantity',
    ],
  ]),
  pairs(-0.1, (part) => `What is the purpose of a ${part}?`, PARTS),
  pairs(
    -0.1,
    (purpose) => `Which component does this describe: "${purpose}"?`,
    PARTS.map(([part, purpose]) => [purpose, `The ${part}`] as const),
  ),
  computed(0, (random) => {
    const bar = random.int(70, 210, 5);
    const area = random.int(10, 60);
    return {
      text: `A hydraulic pressure of ${bar} bar acts on a piston of ${area} cm². Which force results? (1 bar = 10 N/cm²)`,
      ...figures(bar * area * 10, [bar * area, (bar / area) * 10, bar * area * 100], (newton) =>
        rounded('kN', 0.01)(newton / 1_000),
      ),
    };
  }),
  computed(-0.2, (random) => {
    const volt = random.pick([12, 14, 24, 28, 115]);
    const watt = random.int(40, 1_400, 5);
    return {
      text: `A consumer takes ${watt} W from a bus of ${volt} V. Which current flows?`,
      ...figures(watt / volt, [volt / watt, watt / volt / 2, (watt / volt) * 1.73], rounded('A', 0.1)),
    };
  }),
  computed(0, (random) => {
    const capacity = random.int(18, 48);
    const load = random.int(15, 95);
    return {
      text: `After the generator fails, a battery of ${capacity} Ah feeds a load of ${load} A. For how long, in theory?`,
      ...figures(
        (capacity / load) * 60,
        [(load / capacity) * 60, (capacity / load) * 100, (capacity / load) * 30],
        rounded('min'),
      ),
    };
  }),
  computed(0.3, (random) => {
    const rpm = random.int(1_800, 2_750, 10);
    const ratio = random.int(40, 80) / 100;
    return {
      text: `An engine turns at ${rpm} RPM and drives its propeller through a reduction gear of ${ratio.toFixed(2)}:1 (propeller to engine). How fast does the propeller turn?`,
      ...figures(rpm * ratio, [rpm / ratio, rpm * (1 - ratio), rpm], rounded('RPM')),
    };
  }),
];
