Feature: Live calls
  What the checklist tries by hand with a telephone: a call from the first ring to the entry in the calendar.

  @call.books
  Scenario: A caller books an offered time
    Given a day on which the clinic has a free time
    When a caller rings the clinic
    And the assistant asks for the free times of that day
    And the caller takes the first of them
    And the caller hangs up
    Then the clinic's assistant took the call
    And the appointment is in the clinic's calendar
