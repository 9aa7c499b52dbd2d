// Opening hours: a wrong one sends somebody to a closed door, or keeps them from calling an open line.
import assert from 'node:assert/strict';
import { Locale } from '../../../client/web/src/i18n';
import { en } from '../../../client/web/src/i18n/en';
import type { Schedule } from '../../../client/web/src/lib/api';
import { momentOf, openState } from '../../../client/web/src/lib/schedule';
import { daysText } from '../../../client/web/src/lib/schedule_text';
import { test } from './cases.mjs';

const at = (text: string): Date => new Date(text);
const weekdays: Schedule = { freq: 'WEEKLY', byday: 'MO,TU,WE,TH,FR', opensAt: '09:00', closesAt: '17:00', timeZone: 'Europe/Warsaw', dtstart: '2026-01-05' };

test('ScheduleTest', 'OpenWithinTheHoursOfThePlacesOwnZone', () => {
  assert.deepEqual(openState([weekdays], at('2026-11-25T08:30:00Z')), { state: 'open', until: at('2026-11-25T16:00:00Z') });
});

test('ScheduleTest', 'ClosedBeforeThemAndSaysWhenItOpens', () => {
  assert.deepEqual(openState([weekdays], at('2026-11-25T07:30:00Z')), { state: 'closed', opens: at('2026-11-25T08:00:00Z') });
});

test('ScheduleTest', 'OnFridayEveningItOpensOnMonday', () => {
  assert.deepEqual(openState([weekdays], at('2026-11-27T18:00:00Z')), { state: 'closed', opens: at('2026-11-30T08:00:00Z') });
});

test('ScheduleTest', 'EveryDayAllDayIsAroundTheClock', () => {
  assert.deepEqual(openState([{ freq: 'DAILY', timeZone: 'Europe/Riga' }], at('2026-11-25T03:00:00Z')), { state: 'always' });
});

test('ScheduleTest', 'AnEveningThatEndsAfterMidnightIsOpenThen', () => {
  const night: Schedule = { freq: 'WEEKLY', byday: 'FR,SA', opensAt: '20:00', closesAt: '02:00', timeZone: 'Europe/Tallinn' };
  assert.deepEqual(openState([night], at('2026-11-27T23:30:00Z')), { state: 'open', until: at('2026-11-28T00:00:00Z') });
});

test('ScheduleTest', 'MidnightAsClosingTimeIsTheDaysEnd', () => {
  const day: Schedule = { freq: 'DAILY', opensAt: '08:00', closesAt: '00:00', timeZone: 'Europe/Athens' };
  assert.deepEqual(openState([day], at('2026-11-25T21:00:00Z')), { state: 'open', until: at('2026-11-25T22:00:00Z') });
});

test('ScheduleTest', 'TheFirstWednesdayOfTheMonth', () => {
  const monthly: Schedule = { freq: 'MONTHLY', byday: '1WE', opensAt: '18:00', closesAt: '20:00', timeZone: 'Europe/Tallinn', dtstart: '2026-01-07' };
  assert.deepEqual(openState([monthly], at('2026-11-25T12:00:00Z')), { state: 'closed', opens: at('2026-12-02T16:00:00Z') });
});

const daily: Schedule = { freq: 'DAILY', bymonthday: '1,-1', opensAt: '10:00', closesAt: '12:00', timeZone: 'Europe/Warsaw' };

test('ScheduleTest', 'DailyOnDaysOfTheMonthIsClosedOnTheOthers', () => {
  assert.deepEqual(openState([daily], at('2026-11-25T10:00:00Z')), { state: 'closed', opens: at('2026-11-30T09:00:00Z') });
  assert.deepEqual(openState([daily], at('2026-11-30T09:30:00Z')), { state: 'open', until: at('2026-11-30T11:00:00Z') });
  assert.deepEqual(openState([daily], at('2026-11-30T12:00:00Z')), { state: 'closed', opens: at('2026-12-01T09:00:00Z') });
  assert.deepEqual(openState([daily], at('2028-02-29T09:30:00Z')), { state: 'open', until: at('2028-02-29T11:00:00Z') });
});

test('ScheduleTest', 'DailyOnDaysOfTheMonthAndOfTheWeekIsWhereBothMeet', () => {
  const fridays: Schedule = { ...daily, bymonthday: '14,15,16,17,18,19,20', byday: 'FR' };
  assert.deepEqual(openState([fridays], at('2026-11-12T10:00:00Z')), { state: 'closed', opens: at('2026-11-20T09:00:00Z') });
  const second: Schedule = { ...daily, bymonthday: '25,28', interval: 2, dtstart: '2026-11-24' };
  assert.deepEqual(openState([second], at('2026-11-25T10:00:00Z')), { state: 'closed', opens: at('2026-11-28T09:00:00Z') });
});

test('ScheduleTest', 'EverySecondWeekCountsFromItsStart', () => {
  const fortnightly: Schedule = { ...weekdays, interval: 2, byday: 'WE', dtstart: '2026-11-18' };
  assert.deepEqual(openState([fortnightly], at('2026-11-25T09:00:00Z')), { state: 'closed', opens: at('2026-12-02T08:00:00Z') });
});

test('ScheduleTest', 'NothingBeforeItsFirstOrAfterItsLastDay', () => {
  const ended: Schedule = { ...weekdays, validTo: '2026-11-24' };
  assert.deepEqual(openState([ended], at('2026-11-25T09:00:00Z')), { state: 'closed', opens: null });
  const later: Schedule = { ...weekdays, validFrom: '2026-11-26' };
  assert.deepEqual(openState([later], at('2026-11-25T09:00:00Z')), { state: 'closed', opens: at('2026-11-26T08:00:00Z') });
});

test('ScheduleTest', 'WhatIsNotUnderstoodIsUnknownNotClosed', () => {
  for (const one of [{ ...weekdays, timeZone: '' }, { ...weekdays, timeZone: 'Mars/Olympus' }, { ...weekdays, byweekno: '20' },
    { ...weekdays, freq: 'SECONDLY' }, { ...weekdays, opensAt: 'nine' , closesAt: undefined }, { description: 'by appointment' },
    { ...weekdays, bymonthday: '25' }, { ...weekdays, byday: '1WE' }, { ...daily, byday: '-1FR' }, { ...daily, bymonthday: '32' },
    { ...daily, bymonthday: '0' }, { ...daily, bymonthday: 'first' }, { ...daily, freq: 'MONTHLY', bymonthday: undefined },
    { ...daily, freq: 'YEARLY', dtstart: '2026-11-25' }] as Schedule[]) {
    assert.deepEqual(openState([one], at('2026-11-25T09:00:00Z')), { state: 'unknown' }, JSON.stringify(one));
  }
  assert.deepEqual(openState([], at('2026-11-25T09:00:00Z')), { state: 'unknown' });
});

test('ScheduleTest', 'OnBothSidesOfAChangeOfTheClocksTheMomentIsRight', () => {
  assert.equal(momentOf(Date.UTC(2026, 2, 29, 4, 0), 'Europe/Warsaw'), Date.UTC(2026, 2, 29, 2, 0));
  assert.equal(momentOf(Date.UTC(2026, 2, 29, 1, 0), 'Europe/Warsaw'), Date.UTC(2026, 2, 29, 0, 0));
});

test('ScheduleTest', 'TheWordsNameNoDayOnWhichItIsClosed', () => {
  const words = (schedule: Schedule): string => daysText(schedule, new Locale('en', en));
  assert.equal(words({ freq: 'DAILY' }), 'Every day');
  assert.equal(words(weekdays), 'Monday – Friday');
  assert.equal(words(daily), 'Days of the month: 1, the last');
  assert.equal(words({ ...daily, bymonthday: '13,-3', byday: 'FR' }), 'Friday · Days of the month: 13, the last − 2');
  assert.equal(words({ freq: 'DAILY', interval: 2, dtstart: '2026-11-24' }), '');
  assert.equal(words({ freq: 'MONTHLY', byday: '1WE' }), '');
  assert.equal(words({ freq: 'WEEKLY', interval: 2, byday: 'FR', dtstart: '2026-11-27' }), 'Friday · every 2 weeks');
  assert.equal(words({ freq: 'WEEKLY', byday: 'FR', byweekno: '20' }), '');
  assert.equal(words({ ...daily, interval: 3 }), '');
});
