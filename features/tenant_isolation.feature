Feature: Tenant isolation
  The dashboard and the REST API reach the database with the caller's own token. Row-level security alone keeps one
  clinic's patients from another clinic's users.

  @isolation.loaded
  Scenario: The schema under audit is the whole schema
    When the schema is built on a server of its own
    Then every statement of it stands

  @isolation.rls-tables
  Scenario: Every table with a tenant's data is under row-level security
    When the catalogue is read
    Then the 11 tables of the security audit have row-level security enabled
    And so has every other table with rows of tenants

  @isolation.policies
  Scenario: The org_isolation policies are in effect
    When the catalogue is read
    Then at least 28 org_isolation policies are in effect

  @isolation.catalogue
  Scenario: The catalogue holds no dangerous state
    When the catalogue is read
    Then no state of it allows or hides a breach

  @isolation.proof.<statement>
  Scenario Outline: What one tenant's users do depends on no other tenant's rows, and changes none
    When everybody tries everything in two worlds that differ in foreign rows only
    Then <statement> is proven for every table, view and function

    Examples:
      | statement    |
      | select       |
      | insert       |
      | update       |
      | delete       |
      | outsider     |
      | inference    |
      | functions    |
      | escalation   |
      | availability |
      | ownership    |

  @isolation.proof.state
  Scenario: No hidden state undoes the proof
    When everybody tries everything in two worlds that differ in foreign rows only
    Then no state of the schema allows or hides a breach that no client could show
