Feature: Isolation of the live API
  The browser talks to Supabase itself, with the public key and its user's token. What the audit proves of the schema
  has to hold of the interface that is really there.

  @isolation.live.select
  Scenario: A user is shown no row of another clinic
    When users of two clinics ask the API for rows of others in every table
    Then no row of others is shown, while each is shown its own

  @isolation.live.anonymous
  Scenario: The public key alone shows no row
    When somebody anonymous asks the API for rows of every table
    Then nobody's rows are shown, while users are shown their own

  @isolation.live.write
  Scenario: A user can't touch what another clinic's user made
    When a user of one clinic tries to change by its key what a user of the other made in every table
    Then every row stays as its owner left it, while its owner can change it

  @isolation.live.storage
  Scenario: A user can't reach what another clinic's user stored
    When a user of one clinic tries to reach what a user of the other stored in every bucket
    Then every object stays its owner's, who can reach it

  @isolation.live.token
  Scenario: A forged token opens nothing
    When tokens that nobody issued are shown to the API
    Then each of them is refused, while the genuine one is accepted

  @isolation.live.expired
  Scenario: A token that is out of date opens nothing
    When a token that expired is shown to the API
    Then it is refused, while a like one in date is accepted
