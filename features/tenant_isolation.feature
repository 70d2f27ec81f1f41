Feature: Tenant isolation
  The dashboard and the REST API reach the database with the caller's own token. Row-level security alone keeps one
  clinic's patients from another clinic's users.

  @isolation.rls-tables
  Scenario: Every table with a tenant's data is under row-level security
    When the catalogue is read
    Then the 11 tables of the security audit have row-level security enabled
    And so has every other table with a tenant column

  @isolation.policies
  Scenario: The org_isolation policies are in effect
    When the catalogue is read
    Then at least 28 org_isolation policies are in effect

  @isolation.proof.<operation>
  Scenario Outline: Users of one clinic can't touch another clinic's rows
    When users of two clinics try to <operation> each other's rows in every table
    Then every try is refused, while the same on their own rows works

    Examples:
      | operation |
      | select    |
      | insert    |
      | update    |
      | delete    |

  @isolation.proof.outsider
  Scenario: Outsiders see nothing
    When clients that belong to no clinic read every table
    Then they see no row, while the clinics' own users do
