import { bearing, computed, facts, figures, pairs, rounded, type Template } from '../template.js';

const CODES = [
  ['BR', 'Mist'],
  ['FG', 'Fog'],
  ['DZ', 'Drizzle'],
  ['RA', 'Rain'],
  ['SN', 'Snow'],
  ['SG', 'Snow grains'],
  ['GR', 'Hail'],
  ['GS', 'Small hail or snow pellets'],
  ['PL', 'Ice pellets'],
  ['FU', 'Smoke'],
  ['HZ', 'Haze'],
  ['VA', 'Volcanic ash'],
  ['SQ', 'Squall'],
  ['FC', 'Funnel cloud'],
  ['TS', 'Thunderstorm'],
  ['FZ', 'Freezing (descriptor)'],
  ['BL', 'Blowing (descriptor)'],
  ['MI', 'Shallow (descriptor)'],
] as const;

/** 050 Meteorology. */
export const meteorology: readonly Template[] = [
  facts(0.2, [
    [
      'Which conditions favour radiation fog?',
      'A clear sky, moist air and a light wind at night',
      'An overcast sky and a strong wind',
      'Warm rain through cold air in the afternoon',
      'Dry air and no wind at noon',
    ],
    [
      'Towards which side does the wind turn when one climbs out of the friction layer on the northern hemisphere?',
      'It veers',
      'It backs',
      'It stays the same',
      'It reverses',
    ],
    [
      'In which cloud is severe icing most likely?',
      'Cumulonimbus',
      'Cirrus',
      'Stratus at −30 °C',
      'Cirrostratus',
    ],
    [
      'What is typical of the passage of a cold front?',
      'A veer of the wind, a rise of pressure and showers',
      'Steady rain and a fall of pressure',
      'Fog and a calm',
      'A backing wind and warmer air',
    ],
    [
      'Flying from high to low pressure without resetting the altimeter, the true altitude is …',
      'lower than indicated',
      'higher than indicated',
      'as indicated',
      'higher over land and lower over the sea',
    ],
    [
      'When is clear air turbulence near a jet stream most likely?',
      'On its cold side, where the shear is greatest',
      'In its core',
      'Far below it on the warm side',
      'Only within cloud',
    ],
    [
      'What does CAVOK exclude?',
      'A visibility below 10 km',
      'Cirrus',
      'A wind above 10 kt',
      'A temperature below 0 °C',
    ],
    [
      'Which air mass is stable in its lower layers?',
      'Warm air over a cold surface',
      'Cold air over a warm surface',
      'Air heated from below',
      'Polar air that moves south over the sea',
    ],
  ]),
  pairs(-0.5, (code) => `What does ${code} mean in a METAR?`, CODES),
  pairs(
    -0.4,
    (weather) => `How is "${weather}" abbreviated in a METAR?`,
    CODES.map(([code, weather]) => [weather, code] as const),
  ),
  pairs(0, (cloud) => `What is typical of ${cloud}?`, [
    ['cirrus', 'Fine threads of ice crystals'],
    ['altocumulus lenticularis', 'Lens shapes that indicate mountain waves'],
    ['nimbostratus', 'A grey layer with continuous rain or snow'],
    ['stratus', 'A low grey layer with drizzle at most'],
    ['cumulus humilis', 'Flat heaps of fair weather'],
    ['cumulonimbus', 'Great depth, thunder, hail and severe turbulence'],
    ['cirrostratus', 'A thin veil with a halo round the sun'],
    ['mammatus', 'Pouches under the anvil of a storm'],
  ]),
  computed(-0.1, (random) => {
    const altitude = random.int(3_000, 36_000, 250);
    const result = 15 - (1.98 * altitude) / 1_000;
    const format = (value: number) => `${Math.round(value)} °C`;
    return {
      text: `What is the temperature in the International Standard Atmosphere at ${altitude} ft?`,
      correct: format(result),
      wrong: [format(result - 6), format(result + 8), format(result + 15)],
    };
  }),
  computed(0, (random) => {
    const temperature = random.int(9, 32);
    const spread = random.int(2, 14);
    return {
      text: `On the ground the temperature is ${temperature} °C and the dew point ${temperature - spread} °C. At which height do you expect the base of cumulus clouds? (400 ft per °C)`,
      ...figures(spread * 400, [spread * 200, spread * 300, spread * 600], rounded('ft')),
    };
  }),
  computed(-0.2, (random) => {
    const from = random.int(1, 36) * 10;
    const speed = random.int(8, 34);
    const gust = speed + random.int(11, 22);
    return {
      text: `A METAR contains ${bearing(from).slice(0, 3)}${String(speed).padStart(2, '0')}G${gust}KT. What does it report?`,
      correct: `A wind from ${bearing(from)} at ${speed} kt, gusting to ${gust} kt`,
      wrong: [
        `A wind towards ${bearing(from)} at ${speed} kt, gusting to ${gust} kt`,
        `A wind from ${bearing(from)} at ${gust} kt, falling to ${speed} kt`,
        `A wind from ${bearing(from + 180)} at ${speed} kt, with gusts of ${gust - speed} kt`,
      ],
    };
  }),
  computed(0.2, (random) => {
    const ground = random.int(4, 26);
    const elevation = random.int(0, 2_400, 50);
    return {
      text: `At an aerodrome at ${elevation} ft the temperature is ${ground} °C. At which altitude is the freezing level with a lapse rate of 2 °C per 1000 ft?`,
      ...figures(
        elevation + ground * 500,
        [ground * 500 + elevation * 2 + 1_000, elevation + ground * 333, elevation + ground * 650],
        rounded('ft', 50),
      ),
    };
  }),
];
