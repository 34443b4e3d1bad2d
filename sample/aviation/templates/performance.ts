import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const SPEEDS = [
  ['V1', 'The latest speed at which the take-off can be rejected within the distance available'],
  ['VR', 'The speed at which rotation begins'],
  ['V2', 'The take-off safety speed, reached at 35 ft with one engine inoperative'],
  ['VMCG', 'The least speed at which directional control can be kept on the ground after an engine failure'],
  ['VMCA', 'The least speed at which directional control can be kept in the air after an engine failure'],
  ['VMU', 'The least speed at which the aeroplane can safely leave the ground'],
  ['VREF', 'The reference speed over the threshold'],
  ['VX', 'The speed of the best angle of climb'],
  ['VY', 'The speed of the best rate of climb'],
  ['VMBE', 'The highest speed at which the brakes can absorb a rejected take-off'],
  ['VLOF', 'The speed at which the aeroplane leaves the ground'],
] as const;

/** 032 Performance – Aeroplanes. */
export const performance: readonly Template[] = [
  facts(0.2, [
    [
      'What does a higher flap setting, within the take-off range, do?',
      'It shortens the ground run and reduces the climb gradient',
      'It lengthens the ground run and improves the climb gradient',
      'It shortens the ground run and improves the climb gradient',
      'It changes neither',
    ],
    [
      'What does an uphill slope of the runway do to V1 of a balanced take-off?',
      'It increases it',
      'It decreases it',
      'It makes it equal to V2',
      'Nothing',
    ],
    [
      'What does a density altitude above the pressure altitude indicate?',
      'Air warmer than standard',
      'Air colder than standard',
      'A high QNH',
      'A low humidity',
    ],
    [
      'The still air range of a jet aeroplane is greatest at a speed …',
      'above that of the best ratio of lift to drag',
      'at that of least drag',
      'at that of least power',
      'just above the stall',
    ],
    [
      'What distinguishes the take-off distance available from the take-off run available?',
      'The clearway',
      'The stopway',
      'The displaced threshold',
      'The runway end safety area',
    ],
    [
      'The absolute ceiling of an aeroplane is where …',
      'the rate of climb becomes zero',
      'the rate of climb is 100 ft/min',
      'the cabin altitude is 8000 ft',
      'the thrust is greatest',
    ],
  ]),
  pairs(-0.2, (speed) => `What is ${speed}?`, SPEEDS),
  pairs(
    -0.1,
    (meaning) => `Which speed is this: "${meaning}"?`,
    SPEEDS.map(([speed, meaning]) => [meaning, speed] as const),
  ),
  pairs(0, (term) => `How is the ${term} defined?`, [
    ['TORA', 'The length of runway declared suitable for the ground run'],
    ['TODA', 'The take-off run available plus the clearway'],
    ['ASDA', 'The take-off run available plus the stopway'],
    ['LDA', 'The length of runway declared suitable for the landing run'],
  ]),
  computed(0.1, (random) => {
    const climb = random.int(450, 2_600, 10);
    const speed = random.int(75, 280);
    return {
      text: `In still air an aeroplane climbs at ${climb} ft/min with a true airspeed of ${speed} kt. What is its climb gradient?`,
      ...figures(
        (climb / speed) * (6_000 / 6_076),
        [(climb / speed) * 2, (speed / climb) * 100, (climb / speed) * 0.6],
        rounded('%', 0.1),
      ),
    };
  }),
  computed(0, (random) => {
    const angle = random.int(15, 75, 5);
    const wind = random.int(8, 42);
    const runway = random.int(1, 36) * 10;
    const from = ((runway + angle - 1) % 360) + 1;
    return {
      text: `The wind is from ${String(from).padStart(3, '0')}° at ${wind} kt, the runway direction ${String(runway).padStart(3, '0')}°. What is the crosswind component?`,
      ...figures(wind * sine(angle), [wind * sine(90 - angle), (wind * angle) / 90 / 2, wind], rounded('kt')),
    };
  }),
  computed(-0.2, (random) => {
    const available = random.int(1_100, 3_400, 10);
    const jet = random.chance(0.5);
    const factor = jet ? 0.6 : 0.7;
    return {
      text: `The landing distance available at a dry destination is ${available} m. How much of it may the actual landing distance of a ${jet ? 'turbojet' : 'turboprop'} aeroplane need at most?`,
      ...figures(
        available * factor,
        [available * (1.3 - factor), available * 0.5, available * 0.85],
        rounded('m'),
      ),
    };
  }),
  computed(0.3, (random) => {
    const thrust = random.int(36, 120);
    const drag = random.int(14, 30);
    const weight = random.int(260, 720, 5);
    return {
      text: `Thrust ${thrust} kN, drag ${drag} kN, weight ${weight} kN. What is the climb gradient in steady flight?`,
      ...figures(
        ((thrust - drag) / weight) * 100,
        [((thrust + drag) / weight) * 100, (thrust / weight) * 100, (drag / weight) * 100],
        rounded('%', 0.1),
      ),
    };
  }),
];

function sine(degrees: number): number {
  return Math.sin((degrees * Math.PI) / 180);
}
