Feature: Live calls
  What the checklist tries by hand with a telephone: calls from the first ring to the entry in the calendar, played
  as Vapi would, with what the caller hears as evidence.

  @call.books
  Scenario: A caller books an offered time
    Given a day on which the clinic has a free time
    When a caller rings and plays "book"
    Then the clinic's assistant took the call
    And the appointment is in the clinic's calendar

  @call.alternative
  Scenario: A caller whose day is full books another one
    Given a day on which every time is taken
    When a caller rings and plays "full day, then an alternative"
    Then the appointment is in the clinic's calendar
    And it is on another day than the full one

  @call.returning-caller
  Scenario: A caller who has booked before is known, and is not entered twice
    Given a day on which the clinic has a free time
    And a caller who has booked before
    When the same caller rings and plays "returning caller"
    Then the caller was recognised
    And the appointment is in the clinic's calendar
    And the clinic has one contact with the caller's number

  @call.transfers
  Scenario: A caller who asks for a person is put through
    Given a day on which the clinic has a free time
    When a caller rings and plays "ask for a person"
    Then the clinic's assistant took the call
    And the caller is sent to the billing department

  @call.hang-up
  Scenario: A caller hangs up while the appointment is being booked
    Given a day on which the clinic has a free time
    When a caller rings and plays "hang up in mid-booking"
    Then the calendar says what the assistant was told

  @call.last-slot
  Scenario: Two callers are offered the same time and both take it
    Given a day on which the clinic has a free time
    When two callers are offered the same time and both take it
    And whoever was told that it is gone takes another time
    Then one of them has the appointment and the other was told
    And the other time is in the calendar too
