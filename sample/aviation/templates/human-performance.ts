import { computed, facts, figures, pairs, rounded, type Template } from '../template.js';

/** 040 Human Performance and Limitations. */
export const humanPerformance: readonly Template[] = [
  facts(0, [
    [
      'Why are the first signs of hypoxia dangerous?',
      'Because judgement suffers first and one feels well',
      'Because they are painful',
      'Because they begin with a loss of consciousness',
      'Because they come on the ground only',
    ],
    [
      'What should a pilot do who hyperventilates below 10,000 ft?',
      'Slow down the rate of breathing',
      'Breathe faster',
      'Hold the breath and descend',
      'Drink water',
    ],
    [
      'Which illusion follows a strong acceleration on take-off into darkness?',
      'A feeling of pitching up',
      'A feeling of pitching down',
      'A feeling of banking to the left',
      'A feeling of standing still',
    ],
    [
      'Where on the retina does one see best at night?',
      'Some degrees beside the centre',
      'At the fovea',
      'At the blind spot',
      'At the optic nerve',
    ],
    [
      'What does a runway narrower than usual suggest on the approach?',
      'That one is too high',
      'That one is too low',
      'That one is too slow',
      'Nothing',
    ],
    [
      'Which organ senses angular acceleration?',
      'The semicircular canals',
      'The otoliths',
      'The cochlea',
      'The eardrum',
    ],
    [
      'How does moderate arousal affect performance?',
      'Performance is at its best',
      'Performance is at its worst',
      'It does not affect it',
      'It helps with simple tasks only when it is extreme',
    ],
    [
      'What is the most effective protection against the effects of fatigue?',
      'Sleep',
      'Coffee',
      'Cold air',
      'Conversation',
    ],
  ]),
  pairs(
    0.4,
    (level) => `What is the approximate time of useful consciousness at ${level} for a person at rest?`,
    [
      ['FL 180', '20 to 30 minutes'],
      ['FL 220', '10 minutes'],
      ['FL 250', '3 to 5 minutes'],
      ['FL 300', '1 to 2 minutes'],
      ['FL 350', '30 to 60 seconds'],
      ['FL 400', '15 to 20 seconds'],
      ['FL 430', '9 to 12 seconds'],
    ],
  ),
  pairs(0, (name) => `What is meant by ${name}?`, [
    ['the startle effect', 'A brief, involuntary reaction to something sudden'],
    ['confirmation bias', 'Looking for what supports a decision already made'],
    ['an action slip', 'Doing something other than one intended'],
    ['a mistake', 'Carrying out the wrong plan as intended'],
    ['a violation', 'Departing from a rule on purpose'],
    ['complacency', 'Being content without being aware of the dangers'],
    ['situational awareness', 'Perceiving what is around, understanding it and projecting it ahead'],
    ['the leans', 'A false sense of bank after a slow roll that went unnoticed'],
    ['presbyopia', 'The loss of near focus with age'],
    ['barotrauma', 'Injury from a difference of pressure in a cavity of the body'],
  ]),
  pairs(0.2, (hazard) => `What causes ${hazard}?`, [
    ['decompression sickness', 'Nitrogen coming out of solution'],
    ['hypoxic hypoxia', 'Too low a partial pressure of oxygen'],
    ['anaemic hypoxia', 'Too little haemoglobin that can carry oxygen'],
    ['stagnant hypoxia', 'A circulation that is too slow'],
    ['hyperventilation', 'Breathing more than the body needs'],
    ['motion sickness', 'A conflict between what the eyes and the inner ear report'],
    ['the bends', 'Bubbles of gas in the joints'],
  ]),
  computed(0.1, (random) => {
    const hectopascal = random.int(240, 1_010);
    return {
      text: `The ambient pressure is ${hectopascal} hPa. What is the partial pressure of oxygen in dry air?`,
      ...figures(
        hectopascal * 0.21,
        [hectopascal * 0.78, hectopascal * 0.31, hectopascal * 0.11],
        rounded('hPa'),
      ),
    };
  }),
  computed(-0.2, (random) => {
    const mass = random.int(52, 118);
    const height = random.int(155, 202);
    return {
      text: `A pilot weighs ${mass} kg and is ${(height / 100).toFixed(2)} m tall. What is the body mass index?`,
      ...figures(
        mass / (height / 100) ** 2,
        [mass / (height / 100), mass / (height / 100) / 1.5, (mass / (height / 100) ** 2) * 1.25],
        rounded('kg/m²', 0.1),
      ),
    };
  }),
  computed(0.2, (random) => {
    const start = random.int(20, 150, 2) / 100;
    return {
      text: `A blood alcohol level of ${start.toFixed(2)} g/l falls by 0.15 g/l per hour. After how long is it zero?`,
      ...figures(start / 0.15, [start / 0.3, start / 0.1, start / 0.2], rounded('hours', 0.1)),
    };
  }),
];
