Feature: Webhook latency
  A caller who waits for more than two seconds thinks that the line is dead. Calls come when callers call, not when
  the server has time: they are due by a plan, and an answer is late from when its call was due.

  @monitoring.latency
  Scenario: Callers get their answers within two seconds
    When a clinic's calls come in as the traffic profile plans them
    Then the share of late answers is within what the target allows, for every kind of call
