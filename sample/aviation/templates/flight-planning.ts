import { computed, duration, facts, figures, pairs, rounded, type Template } from '../template.js';

const ITEMS = [
  ['7', 'Aircraft identification'],
  ['8', 'Flight rules and type of flight'],
  ['9', 'Number and type of aircraft and wake turbulence category'],
  ['10', 'Equipment and capabilities'],
  ['13', 'Departure aerodrome and time'],
  ['15', 'Cruising speed, level and route'],
  ['16', 'Destination, total estimated elapsed time and alternates'],
  ['18', 'Other information'],
  ['19', 'Supplementary information'],
] as const;

/** 033 Flight Planning and Monitoring. */
export const flightPlanning: readonly Template[] = [
  facts(0.1, [
    [
      'Which time belongs into item 13 of a flight plan filed before departure?',
      'The estimated off-block time',
      'The estimated time of take-off',
      'The slot time',
      'The time of filing',
    ],
    [
      'What does contingency fuel cover?',
      'Deviations from the planned conditions en route',
      'The flight to the alternate',
      'Taxiing',
      'Thirty minutes of holding',
    ],
    [
      'A headwind moves the point of equal time …',
      'towards the destination',
      'towards the departure',
      'off the track',
      'nowhere',
    ],
    [
      'What does the letter Y in item 8 of a flight plan mean?',
      'IFR first, followed by VFR',
      'VFR first, followed by IFR',
      'IFR all the way',
      'VFR all the way',
    ],
    [
      'Which chart shows turbulence and jet streams for the cruise?',
      'The significant weather chart',
      'The aerodrome chart',
      'The instrument approach chart',
      'The terrain chart',
    ],
    [
      'What is the time reference of a flight plan?',
      'UTC',
      'Local time of the departure',
      'Local time of the destination',
      'Summer time of the departure',
    ],
  ]),
  pairs(-0.1, (item) => `What is entered in item ${item} of the ICAO flight plan form?`, ITEMS),
  pairs(
    -0.1,
    (content) => `In which item of the ICAO flight plan form does this belong: "${content}"?`,
    ITEMS.map(([item, content]) => [content, `Item ${item}`] as const),
  ),
  computed(-0.4, (random) => {
    const fuel = random.int(90, 620, 2);
    const flow = random.int(22, 96);
    return {
      text: `${fuel} litres are usable and the engine burns ${flow} litres per hour. What is the endurance?`,
      ...figures(
        (fuel / flow) * 60,
        [(fuel / flow) * 100, (fuel / flow) * 60 - 45, (fuel / flow) * 60 + 30],
        duration,
      ),
    };
  }),
  computed(0.4, (random) => {
    const distance = random.int(280, 2_400, 5);
    const speed = random.int(150, 440, 5);
    const wind = random.int(15, 60, 5);
    const result = (distance * (speed + wind)) / (2 * speed);
    return {
      text: `The distance is ${distance} NM, the true airspeed ${speed} kt and the headwind outbound ${wind} kt. How far from the departure is the point of equal time?`,
      ...figures(
        result,
        [distance / 2, (distance * (speed - wind)) / (2 * speed), (distance * speed) / (2 * speed + wind)],
        rounded('NM'),
      ),
    };
  }),
  computed(0.6, (random) => {
    const hours = random.int(3, 9);
    const out = random.int(140, 420, 5);
    const home = out + random.int(10, 90, 5);
    return {
      text: `The safe endurance is ${hours} hours, the ground speed ${out} kt outbound and ${home} kt homebound. How far away is the point of safe return?`,
      ...figures(
        (hours * out * home) / (out + home),
        [(hours * out) / 2, (hours * home) / 2, (hours * (out + home)) / 4],
        rounded('NM'),
      ),
    };
  }),
  computed(-0.3, (random) => {
    const trip = random.int(900, 18_000, 20);
    return {
      text: `The trip fuel is ${trip} kg. How much is a contingency of 5 %?`,
      ...figures(trip * 0.05, [trip * 0.03, trip * 0.1, trip * 0.005], rounded('kg')),
    };
  }),
  computed(-0.2, (random) => {
    const distance = random.int(45, 780);
    const speed = random.int(82, 460, 2);
    return {
      text: `How long does a leg of ${distance} NM take at a ground speed of ${speed} kt?`,
      ...figures(
        (distance / speed) * 60,
        [(distance / speed) * 100, (distance / (speed * 1.15)) * 60, (distance / (speed * 0.87)) * 60],
        duration,
      ),
    };
  }),
];
