import { bearing, computed, facts, figures, pairs, rounded, type Template } from '../template.js';

/** 061 General Navigation. */
export const generalNavigation: readonly Template[] = [
  facts(0.1, [
    [
      'What is a rhumb line?',
      'A line that cuts all meridians at the same angle',
      'The shortest line between two points',
      'A line of equal variation',
      'A circle whose plane holds the centre of the Earth',
    ],
    [
      'How does a straight line on a Mercator chart run on the Earth?',
      'As a rhumb line',
      'As a great circle',
      'As a small circle',
      'As a meridian',
    ],
    [
      'What is an isogonal?',
      'A line of equal magnetic variation',
      'A line of equal magnetic dip',
      'A line of equal deviation',
      'A line of equal grid convergence',
    ],
    ['How many kilometres are a nautical mile?', '1.852', '1.609', '1.151', '2.000'],
    [
      'Where is the convergence of the meridians zero?',
      'At the equator',
      'At the poles',
      'At 45° of latitude',
      'At the prime meridian',
    ],
    [
      'The track is 270° and the wind comes from the south. Where does the aeroplane drift?',
      'To the right',
      'To the left',
      'Nowhere',
      'Backwards',
    ],
  ]),
  pairs(-0.2, (term) => `What is ${term}?`, [
    ['drift', 'The angle between the heading and the track'],
    ['variation', 'The angle between true and magnetic north'],
    ['deviation', 'The angle between magnetic and compass north'],
    ['track error', 'The angle between the planned and the flown track'],
    ['convergency', 'The angle between two meridians'],
    ['departure', 'The east-west distance between two meridians along a parallel'],
    ['a great circle', 'A circle whose plane holds the centre of the Earth'],
    ['the agonic line', 'The line along which the variation is zero'],
  ]),
  pairs(-0.3, (symbol) => `In navigation, what is meant by ${symbol}?`, [
    ['TAS', 'The speed through the air, corrected for density'],
    ['GS', 'The speed over the ground'],
    ['TH', 'The direction of the nose from true north'],
    ['MH', 'The direction of the nose from magnetic north'],
    ['TR', 'The path over the ground'],
    ['ETA', 'The time at which arrival is expected'],
    ['WCA', 'The angle by which one steers into the wind'],
  ]),
  computed(-0.1, (random) => {
    const flown = random.int(18, 90);
    const off = random.int(2, 9);
    return {
      text: `After ${flown} NM you are ${off} NM off track. What is the track error angle by the 1-in-60 rule?`,
      ...figures(
        (off * 60) / flown,
        [(flown * 60) / (off * 100), (off * 60) / flown / 2, (off * 100) / flown],
        rounded('°', 0.5),
      ),
    };
  }),
  computed(0.2, (random) => {
    const flown = random.int(20, 60);
    const left = random.int(20, 70);
    const off = random.int(2, 7);
    const result = (off * 60) / flown + (off * 60) / left;
    return {
      text: `After ${flown} NM you are ${off} NM left of track and have ${left} NM to go. By how much do you change heading to reach the next point directly?`,
      ...figures(
        result,
        [(off * 60) / flown, (off * 60) / left, (off * 60) / (flown + left)],
        rounded('° to the right'),
      ),
    };
  }),
  computed(-0.2, (random) => {
    const heading = random.int(1, 360);
    const variation = random.int(2, 18);
    const west = random.chance(0.5);
    const sign = west ? 1 : -1;
    return {
      text: `The true heading is ${bearing(heading)} and the variation ${variation}° ${west ? 'W' : 'E'}. What is the magnetic heading?`,
      correct: bearing(heading + sign * variation),
      wrong: [bearing(heading - sign * variation), bearing(heading), bearing(heading + 180)],
    };
  }),
  computed(0.4, (random) => {
    const latitude = random.int(10, 70);
    const longitude = random.int(3, 48);
    const departure = longitude * 60 * Math.cos((latitude * Math.PI) / 180);
    return {
      text: `Along the parallel of ${latitude}° N two points are ${longitude}° of longitude apart. What is the distance between them?`,
      ...figures(
        departure,
        [longitude * 60, longitude * 60 * Math.sin((latitude * Math.PI) / 180), departure * 1.852],
        rounded('NM'),
      ),
    };
  }),
  computed(0, (random) => {
    const scale = random.pick([250_000, 500_000, 1_000_000]);
    const centimetres = random.int(30, 380) / 10;
    return {
      text: `Two points are ${centimetres.toFixed(1)} cm apart on a chart of 1:${scale}. What is the distance?`,
      ...figures(
        (centimetres * scale) / 185_200,
        [(centimetres * scale) / 100_000, (centimetres * scale) / 160_900, (centimetres * scale) / 370_400],
        rounded('NM', 0.1),
      ),
    };
  }),
];
