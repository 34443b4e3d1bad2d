import type { Template } from '../template.js';
import { airLaw } from './air-law.js';
import { airframe } from './airframe.js';
import { communications } from './communications.js';
import { flightPlanning } from './flight-planning.js';
import { generalNavigation } from './general-navigation.js';
import { humanPerformance } from './human-performance.js';
import { instrumentation } from './instrumentation.js';
import { massAndBalance } from './mass-and-balance.js';
import { meteorology } from './meteorology.js';
import { operationalProcedures } from './operational-procedures.js';
import { performance } from './performance.js';
import { principlesOfFlight } from './principles-of-flight.js';
import { radioNavigation } from './radio-navigation.js';

/** How each subject asks, by its official number. */
export const templates: Readonly<Record<string, readonly Template[]>> = {
  '010': airLaw,
  '021': airframe,
  '022': instrumentation,
  '031': massAndBalance,
  '032': performance,
  '033': flightPlanning,
  '040': humanPerformance,
  '050': meteorology,
  '061': generalNavigation,
  '062': radioNavigation,
  '070': operationalProcedures,
  '081': principlesOfFlight,
  '090': communications,
};
