Feature: Webhook latency
  A caller who waits for more than two seconds thinks that the line is dead. Calls come when callers call, not when
  the server has time: they are due by a plan, and an answer is late from when its request was due. All scenarios judge
  the same calls.

  @monitoring.latency
  Scenario: Callers get their answers within two seconds
    When a clinic's calls come in as the traffic profile plans them
    Then the share of late answers is within what the target allows, for every kind of request and every clinic

  @monitoring.latency.tail
  Scenario: Hardly a caller waits longer
    When a clinic's calls come in as the traffic profile plans them
    Then the share of late answers is within what the target allows for the slowest, where the traffic can show it

  @monitoring.latency.errors
  Scenario: Load makes no errors
    When a clinic's calls come in as the traffic profile plans them
    Then the share of wrong and missing answers is within what the target allows
