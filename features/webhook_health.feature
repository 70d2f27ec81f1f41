Feature: Webhook health
  After a deployment the checklist asks the backend how it is. Vapi will send it calls at the address it gives.

  Background:
    When the webhook health is asked for

  @deploy.health.answers
  Scenario: The webhook health check answers anyone
    Then it answers 200 with JSON

  @deploy.health.members
  Scenario: The health body says what the checklist asks for
    Then the body holds
      | member      | value |
      | status      | ok    |
      | backend_url | text  |
      | version     | text  |
      | environment | text  |

  @deploy.health.backend-url
  Scenario: The backend knows its own public address
    Then the backend_url is the address under which it was asked

  @deploy.health.environment
  Scenario: The backend runs in the right environment
    Then the environment is that of the target
