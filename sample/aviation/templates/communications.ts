import type { Random } from '../../random.js';
import { computed, facts, pairs, type Template } from '../template.js';

const ALPHABET =
  'Alfa Bravo Charlie Delta Echo Foxtrot Golf Hotel India Juliett Kilo Lima Mike November Oscar Papa Quebec Romeo Sierra Tango Uniform Victor Whiskey X-ray Yankee Zulu'.split(
    ' ',
  );
const WRONG_WORDS: Readonly<Record<string, string>> = {
  B: 'Baker',
  C: 'Castle',
  D: 'Dora',
  F: 'Fox',
  G: 'George',
  H: 'Henry',
  J: 'Jupiter',
  K: 'King',
  L: 'London',
  M: 'Mother',
  N: 'Nancy',
  P: 'Peter',
  Q: 'Queen',
  R: 'Roger',
  S: 'Sugar',
  T: 'Tom',
  U: 'Uncle',
  V: 'Vienna',
  W: 'William',
  Z: 'Zebra',
};
const WORDS = [
  ['AFFIRM', 'Yes'],
  ['NEGATIVE', 'No, or that is not correct'],
  ['ROGER', 'I have received all of your last transmission'],
  ['WILCO', 'I understand your message and will comply with it'],
  ['STANDBY', 'Wait and I will call you'],
  ['UNABLE', 'I cannot comply with your request, instruction or clearance'],
  ['SAY AGAIN', 'Repeat all, or a part, of your last transmission'],
  ['CONFIRM', 'I request verification of what follows'],
  ['DISREGARD', 'Ignore'],
  ['ACKNOWLEDGE', 'Let me know that you have received and understood this'],
  ['READ BACK', 'Repeat all of this message to me exactly as received'],
  ['MONITOR', 'Listen out on the frequency'],
  ['CONTACT', 'Establish communications with'],
  ['BREAK', 'I separate here two parts of a message'],
  ['CORRECTION', 'An error was made; the correct version is'],
  ['GO AHEAD', 'Proceed with your message'],
] as const;

/** 090 Communications. */
export const communications: readonly Template[] = [
  facts(-0.2, [
    [
      'With which words does a distress call begin?',
      'MAYDAY, spoken three times',
      'PAN PAN, spoken three times',
      'EMERGENCY, spoken once',
      'SOS, spoken three times',
    ],
    [
      'With which words does an urgency call begin?',
      'PAN PAN, spoken three times',
      'MAYDAY, spoken three times',
      'URGENT, spoken three times',
      'ATTENTION, spoken once',
    ],
    [
      'Which of these has to be read back in full?',
      'A clearance to enter, land on or cross a runway',
      'The surface wind',
      'A traffic information',
      'The runway condition',
    ],
    [
      'Which message has the highest priority?',
      'A distress message',
      'A flight safety message',
      'A meteorological message',
      'An urgency message',
    ],
    [
      'When may an aeronautical station\u2019s call sign be left out?',
      'Once communication is established and there is no risk of confusion',
      'Never',
      'On the first call',
      'At night',
    ],
    [
      'What should a pilot do first when no answer is received on the assigned frequency?',
      'Check the set and try the previous or another frequency of the unit',
      'Squawk 7700',
      'Land at once',
      'Change to 123.450 MHz',
    ],
    [
      'How is the time 14:20 spoken to a station when the hour is clear?',
      'TWO ZERO',
      'TWENTY PAST',
      'FOURTEEN TWENTY LOCAL',
      'TWENTY MINUTES',
    ],
  ]),
  pairs(-0.4, (word) => `What does "${word}" mean in radiotelephony?`, WORDS),
  pairs(
    -0.3,
    (meaning) => `Which standard word means: "${meaning}"?`,
    WORDS.map(([word, meaning]) => [meaning, word] as const),
  ),
  pairs(-0.3, (number) => `What does readability ${number} mean?`, [
    ['1', 'Unreadable'],
    ['2', 'Readable now and then'],
    ['3', 'Readable, but with difficulty'],
    ['4', 'Readable'],
    ['5', 'Perfectly readable'],
  ]),
  pairs(0, (code) => `What does ${code} stand for?`, [
    ['QNH', 'The altimeter setting that shows altitude above mean sea level'],
    ['QFE', 'The altimeter setting that shows height above the aerodrome'],
    ['ATIS', 'The automatic terminal information service'],
    ['VOLMET', 'Meteorological information for aircraft in flight'],
    ['SELCAL', 'A system that calls a single aircraft by tones'],
    ['CPDLC', 'Communication between controller and pilot by data link'],
  ]),
  computed(-0.5, (random) => {
    const letters = registration(random);
    const spelt = letters.map(word).join(' ');
    const wrong = letters.map((_, spot) =>
      letters.map((letter, at) => (at === spot ? falseWord(letter) : word(letter))).join(' '),
    );
    return {
      text: `How is the call sign ${call(letters)} spelt over the radio?`,
      correct: spelt,
      wrong: random.shuffle(wrong).slice(0, 3),
    };
  }),
  computed(-0.1, (random) => {
    const letters = registration(random);
    const [first = 'D', second = 'E', third = 'A', fourth = 'B', fifth = 'C'] = letters;
    const say = (...some: string[]) => some.map(word).join(' ');
    return {
      text: `A station has called ${call(letters)} by its abbreviated call sign. Which one may it have used?`,
      correct: say(first, fourth, fifth),
      wrong: [say(first, second, third), say(third, fourth), say(second, third, first)],
    };
  }),
  computed(-0.2, (random) => {
    // The last digit is not zero: whole hundreds and thousands are spoken differently.
    const digits = [random.int(0, 7), random.int(0, 7), random.int(0, 7), random.int(1, 7)];
    const spoken = (list: readonly number[]) => list.map((digit) => NUMBERS[digit]).join(' ');
    const [a = 0, b = 0, c = 0, d = 0] = digits;
    return {
      text: `"Squawk ${digits.join('')}": how are the digits of the code spoken?`,
      correct: spoken(digits),
      wrong: [
        `${a * 10 + b} ${c * 10 + d}, as two numbers`,
        digits.map((digit) => word(String.fromCharCode(65 + digit))).join(' '),
        `${digits.join('')}, as one number`,
      ],
    };
  }),
];

const NUMBERS = ['ZERO', 'ONE', 'TWO', 'TREE', 'FOWER', 'FIFE', 'SIX', 'SEVEN'] as const;

function registration(random: Random): string[] {
  // Only letters that have a plausible wrong word, so that every wrong spelling differs from the right one.
  const letters = Object.keys(WRONG_WORDS);
  const prefix = random.pick(['D', 'G', 'F', 'S']);
  return [prefix, ...random.shuffle(letters.filter((letter) => letter !== prefix)).slice(0, 4)];
}

function call(letters: readonly string[]): string {
  return `${letters[0]}-${letters.slice(1).join('')}`;
}

function word(letter: string): string {
  return ALPHABET[letter.charCodeAt(0) - 65] ?? letter;
}

function falseWord(letter: string): string {
  return WRONG_WORDS[letter] ?? letter;
}
